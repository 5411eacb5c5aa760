"""The limits of one job, enforced by the kernel inside the child and by the server that watches it."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Bounds", "affordable", "bound_cpu", "bound_data", "bound_process", "memory_for_another", "resident_bytes"]

_GIB = 1 << 30
SPARE_FREE = 2 * _GIB
"""Memory that must be free before a second child is started: it takes 0.7 GB, and the first one's job may grow meanwhile."""
SPARE_LIMIT = 4 * _GIB
"""Memory that a container must be allowed in all before a second child is started in it."""
CHILD = 3 * _GIB // 2
"""Memory that a child and an ordinary job fill: 0.7 GB of models, and the pixels of a large photo."""


@dataclass(frozen=True)
class Bounds:
    """What one job may use."""

    resident_bytes: int = 2 * _GIB
    """Memory of the child as a whole, measured twenty times a second (Linux)."""
    extra_bytes: int = 2 * _GIB
    """Data that may be set aside beyond what the loaded models hold; held by the kernel."""
    cpu_s: float = 900.0
    """Processor seconds; held by the kernel."""
    silent_s: float = 60.0
    """Seconds without any news of progress."""
    wall_s: float = 1800.0
    """Seconds in all."""
    start_s: float = 300.0
    """Seconds in which the child must have loaded its models."""


def bound_process() -> None:
    """What holds from the start: no core dumps, which would hold pictures; no giant files; the server goes first."""
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (4 * _GIB, 4 * _GIB))
    # Where memory runs out nevertheless, the kernel should end this process and not the server.
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("700", encoding="ascii")


def bound_data(extra: int) -> None:
    """Limit what may be set aside from now on. The whole address space is no measure: TensorFlow reserves gigabytes of it."""
    import resource

    with contextlib.suppress(OSError, StopIteration, ValueError):
        status = Path("/proc/self/status").read_text(encoding="ascii")
        held = int(next(line for line in status.splitlines() if line.startswith("VmData")).split()[1]) * 1024
        resource.setrlimit(resource.RLIMIT_DATA, (held + extra, held + extra))


def bound_cpu(seconds: float) -> None:
    """Let the kernel end the process after so many more processor seconds."""
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime + seconds) + 1, hard))


def memory_for_another() -> bool:
    """Whether a second child can be afforded; yes where the system does not say."""
    with contextlib.suppress(OSError, StopIteration, ValueError):
        if _available_bytes() < SPARE_FREE:
            return False
    with contextlib.suppress(OSError, ValueError):  # ValueError: the limit is "max"
        return _bytes_in("memory.max") >= SPARE_LIMIT
    return True


def affordable(most: int) -> int:
    """How many children the free memory allows, from 1 to ``most``; that where the system does not say."""
    free = []
    with contextlib.suppress(OSError, StopIteration, ValueError):
        free.append(_available_bytes())
    with contextlib.suppress(OSError, ValueError):
        free.append(_bytes_in("memory.max") - _bytes_in("memory.current"))
    return max(1, min([most, *(each // CHILD for each in free)]))


def _available_bytes() -> int:
    facts = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    return int(next(line for line in facts if line.startswith("MemAvailable")).split()[1]) * 1024


def _bytes_in(name: str) -> int:
    """A figure of the container that this process runs in."""
    return int(Path("/sys/fs/cgroup", name).read_text(encoding="ascii"))


def resident_bytes(pid: int) -> int:
    """Memory that a process holds now; 0 where the system does not say."""
    try:
        with open(f"/proc/{pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return 0
