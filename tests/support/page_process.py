"""``python -m tests.support.page_process FOLDER PORT``: the page as it is served, with a detector that needs no models.

While ``FOLDER/hold`` is there no check ends.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from detector.records import Report
from detector.web import serve
from detector.web.stopping import Stop
from tests.support import fakes


class _Held(fakes.FakeDetector):
    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def analyze(self, path: Any, **options: Any) -> Report:
        while (self._folder / "hold").exists():
            time.sleep(0.05)
        return super().analyze(path, **options)


def _main(folder: Path, port: int) -> None:
    serve._loaded = lambda *_, **__: _Held(folder)
    stop = Stop()
    stop.listen()
    serve.serve(serve.ServerOptions(port=port, drain_s=120), stop)


if __name__ == "__main__":
    _main(Path(sys.argv[1]), int(sys.argv[2]))
