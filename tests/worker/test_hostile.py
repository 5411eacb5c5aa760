"""The hostile corpus through the isolated detector: the right report or a typed sentence, in time, in memory, alive."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from detector.errors import MediaError, MediaTooLarge, WorkerFailed
from detector.worker.isolation import IsolatedDetector
from tests import corpus
from tests.bench import public_faults
from tests.support.running import isolated_in

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="the process and its limits need a POSIX system"),
]

MOST_BYTES = 2 << 30


@pytest.fixture(scope="module")
def temp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The temporary folder of the process that decodes, and of nobody else."""
    return tmp_path_factory.mktemp("temp")


@pytest.fixture(scope="module")
def isolated(clip_weights: Path, temp: Path) -> Iterator[IsolatedDetector]:
    with isolated_in(temp, clip_weights) as detector:
        yield detector


def test_every_file_gets_its_report_or_a_sentence_in_time(
    isolated: IsolatedDetector, temp: Path, tmp_path: Path
) -> None:
    pid = isolated.pid
    wrong: list[str] = []
    seen = 0
    for case, path in corpus.write(tmp_path):
        began, said = time.monotonic(), ""
        try:
            report = isolated.analyze(path, name=case.name)
            got = "face" if report.p_fake is not None else "report"
        except MediaTooLarge as error:
            got, said = "limit", str(error)
        except MediaError as error:
            got, said = "refused", str(error)
        except WorkerFailed as error:
            got, said = "WORKER FAILED", str(error)
        spent = time.monotonic() - began
        seen += 1
        fits = {
            "face": got == "face",
            "report": got in ("face", "report"),
            "refused": got in ("refused", "limit"),
            "limit": got == "limit",
            "either": got != "WORKER FAILED",
        }[case.expect]
        # A sentence says what is wrong and what to do; neither a path nor the name of a class is in it.
        fits = fits and (not said or (said.endswith(".") and str(tmp_path) not in said and "Error" not in said))
        if not fits or spent > _most_seconds(case.expect):
            wrong.append(f"{case.name!r}: expected {case.expect}, got {got} after {spent:.1f} s {said}")
        path.unlink()
    assert wrong == []
    assert seen > 275
    assert isolated.pid == pid, "one process survived all of them"
    assert _peak_bytes(pid) < MOST_BYTES
    assert list(tmp_path.iterdir()) == []
    # TensorFlow keeps the code that it made of our own functions while the process lives; nothing of an upload is in it.
    left = [
        path for path in temp.rglob("*") if path.is_file() and not path.name.startswith("__autograph_generated_file")
    ]
    assert left == [], "nothing temporary is left"


def test_flipped_bytes_neither_crash_nor_hang(isolated: IsolatedDetector) -> None:
    """The short form of ``python -m tests.bench.public flips``."""
    line = public_faults.flips_through(isolated, 60)
    assert line.ok, line.seen


def _most_seconds(expect: str) -> float:
    # Asked are 5 s, and 1 s for a limit, on a quiet computer; a busy one counts for what it is.
    busy = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
    return (1.0 if expect == "limit" else 5.0) * busy


def _peak_bytes(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:  # no such place on this system
        return 0
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) * 1024
