"""The engine of many machines: a cluster of Ray that is there already. Optional; nothing else imports ``ray``.

Files are looked for under the same path on every machine, so they, the archives and the table lie on a shared disk. Ray may do
work twice when a machine goes, and may wait for ever for one that died (ray-project/ray issue 62746). So nothing here is relied
upon: this program alone writes down what is done, and gives up when no result comes for a long time.
"""

from __future__ import annotations

import base64
import importlib.util
import itertools
import logging
import queue
import threading
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from detector.errors import DetectorError, ScanRefused
from detector.scan.checking import Order, Outcome, checked
from detector.scan.contents import Content
from detector.scan.result import from_line, to_line
from detector.scan.settings import settings_of

__all__ = ["SILENT_S", "on_cluster", "require"]

SILENT_S = 3000.0
"""Seconds without any result after which the scan stops: more than a start and one file may take, see ``worker.bounds``."""
_ROUND = 5000
"""Files that are given to Ray at a time, so that no more of the archives lies unpacked on the disk."""
_BATCH = 1
"""Files of one call. A result comes when all of its call are done, and a machine that goes takes them with it."""
_START_S = 900.0
"""Seconds in which the models must be loaded: Ray lets its workers wait for everybody else's."""
_END = None


def require() -> None:
    """See to it that there is Ray.

    Raises:
        ScanRefused: it is not installed.
    """
    if importlib.util.find_spec("ray") is None:
        raise ScanRefused('--engine ray needs Ray: pip install "ray[data]", here and on every machine.')


class _Checker:
    """One actor: a detector in a process of its own, which a hostile file may break without breaking the actor."""

    def __init__(self, order: Order, weights: Path | None) -> None:
        from detector.worker.bounds import Bounds
        from detector.worker.isolation import IsolatedDetector

        if settings_of(weights, order.model) != order.settings:
            raise ScanRefused("the weights on this machine are others than those where the scan was begun.")
        self._order, self._detector = order, IsolatedDetector(weights, Bounds(start_s=_START_S))

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        lines, pictures = [], []
        for label, path, sha256 in zip(batch["label"], batch["path"], batch["sha256"], strict=True):
            outcome = checked(self._detector, str(label), str(path), str(sha256), self._order)
            lines.append("" if outcome.result is None else to_line(outcome.result))
            # As text: a column whose cells are lists, some of them empty, has another type in every block.
            pictures.append(" ".join(base64.b64encode(picture).decode("ascii") for picture in outcome.pictures))
        return {"sha256": batch["sha256"], "line": np.array(lines), "pictures": np.array(pictures)}


def on_cluster(
    contents: Iterator[Content],
    order: Order,
    weights: Path | None,
    address: str | None,
    workers: int | None = None,
    silent_s: float = SILENT_S,
) -> Generator[Outcome, None, None]:
    """Check contents on a cluster; outcomes come as they are ready, some perhaps twice.

    Args:
        contents: as for ``pool.in_pool``.
        order: what is asked of every file.
        weights: folder of that path on every machine; None for that of the installed package.
        address: of the cluster; None for the one that Ray finds.
        workers: the most actors at a time; None for one on each core.
        silent_s: seconds without any result after which the scan stops.

    Raises:
        ScanRefused: there is no such cluster, or no result came for a long time, or Ray gave up.
    """
    import ray

    try:
        ray.init(address or "auto", log_to_driver=False, logging_level="ERROR")
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise ScanRefused(
            f"no Ray cluster answers at {address or 'the usual address'}; start one with: ray start --head."
        ) from error
    try:
        while part := list(itertools.islice(contents, _ROUND)):
            yield from _round(part, order, weights, workers, silent_s)
    finally:
        ray.shutdown()


def _round(
    part: list[Content], order: Order, weights: Path | None, workers: int | None, silent_s: float
) -> Generator[Outcome, None, None]:
    """Give some files to Ray, and wait for each result only so long."""
    found: queue.SimpleQueue[dict[str, Any] | Exception | None] = queue.SimpleQueue()
    arguments = (part, order, weights, workers, found)
    threading.Thread(target=_run, args=arguments, name="scan-cluster", daemon=True).start()
    missing = {content.sha256 for content in part}
    while missing:
        try:
            row = found.get(timeout=silent_s)
        except queue.Empty:
            raise _stopped(f"no result came for {silent_s / 60:.0f} minutes") from None
        if isinstance(row, Exception):
            cause = row if isinstance(row, DetectorError) else f"Ray gave up ({type(row).__name__})"
            raise _stopped(str(cause)) from row
        if row is _END:
            return  # whoever asked knows what is missing
        missing.discard(row["sha256"])
        result = from_line(row["line"]) if row["line"] else None
        yield Outcome(row["sha256"], result, tuple(map(base64.b64decode, row["pictures"].split())))


def _stopped(cause: str) -> ScanRefused:
    return ScanRefused(f"{cause.rstrip('.')}; what is done is kept, and the same command goes on.")


def _run(
    part: list[Content],
    order: Order,
    weights: Path | None,
    workers: int | None,
    found: queue.SimpleQueue[dict[str, Any] | Exception | None],
) -> None:
    """Put every row into the queue as it comes, and at last what ended it."""
    import ray

    try:
        most = max(1, workers or int(ray.cluster_resources().get("CPU", 1)))
        context = ray.data.DataContext.get_current()
        context.max_errored_blocks = -1  # a block that fails costs its files, which stay on no list, and not the rest
        context.enable_progress_bars = False
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        items = [{"label": each.label, "path": str(Path(each.path).absolute()), "sha256": each.sha256} for each in part]
        rows = ray.data.from_items(items, override_num_blocks=len(items)).map_batches(
            _Checker,
            fn_constructor_args=(order, weights),
            batch_size=_BATCH,
            # A pool that may shrink: one of a fixed size waits for ever for an actor that died.
            compute=ray.data.ActorPoolStrategy(min_size=1, max_size=max(2, most)),
        )
        for row in rows.iter_rows():
            found.put(row)
    except Exception as error:  # noqa: BLE001 - whatever it is, the scan is told
        found.put(error)
    else:
        found.put(_END)
