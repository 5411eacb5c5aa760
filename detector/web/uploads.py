"""The folder that holds what strangers send: private, bounded, emptied after minutes, at exit, and after a killed run.

    photo-check-XXXX/          readable by this user only
        owner                  locked as long as its server lives, whatever ends it
        uploads/               GRADIO_TEMP_DIR
        work/                  everything else that is temporary, of this process and of the one that decodes

Gradio forgets its list of uploads when it is killed, and leaves half an upload behind when a client goes away. So what counts
here is what lies on the disk.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from filelock import FileLock

__all__ = ["FOLDER_PREFIX", "QUOTA_BYTES", "Uploads"]

FOLDER_PREFIX = "photo-check-"
"""Of every folder in the system's temporary one."""
QUOTA_BYTES = 2 << 30
"""All uploads and results together."""
SPARE_BYTES = 16 << 20
"""Of the disk, left alone for results and for everybody else."""
_SWEEP_S = 15.0
"""Seconds between two scans for files that are too old."""
_COUNT_S = 0.2
"""Seconds for which the size of the folder is taken as known."""
_STRAY_S = 600
"""Age, seconds, of what lies in a folder without an owner file before it is deleted."""


class Uploads:
    """The folder of one run. A context manager; ``GRADIO_TEMP_DIR`` and ``tempfile`` point into it as long as it lasts.

    Args:
        kept_s: seconds after its last use that a file is deleted.
        quota_bytes: how much the folder may hold.
        root: where the folder is made, and where those of killed runs are looked for; the system's temporary one by default.
    """

    def __init__(
        self, kept_s: float, quota_bytes: int = QUOTA_BYTES, root: str | os.PathLike[str] | None = None
    ) -> None:
        self._kept_s, self._quota = kept_s, quota_bytes
        base = Path(tempfile.gettempdir() if root is None else root)
        sweep_orphans(base)
        # mkdtemp makes the folder readable by this user alone.
        self.folder = Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX, dir=base))
        self._owner = _lock_of(self.folder)
        self._owner.acquire(blocking=False)
        for name in ("uploads", "work"):
            (self.folder / name).mkdir(mode=0o700)
        self._before = {name: os.environ.get(name) for name in ("GRADIO_TEMP_DIR", "TMPDIR")}
        self._tempdir = tempfile.tempdir
        os.environ["GRADIO_TEMP_DIR"] = str(self.folder / "uploads")
        os.environ["TMPDIR"] = tempfile.tempdir = str(self.folder / "work")
        self._counted: tuple[float, int] = (0.0, 0)
        self._reserved = 0
        self._changing = threading.Lock()
        self._ended = threading.Event()
        threading.Thread(target=self._keep_sweeping, name="uploads-sweep", daemon=True).start()
        atexit.register(self.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Delete the folder with all that is in it."""
        if self._ended.is_set():
            return
        self._ended.set()
        atexit.unregister(self.close)
        for name, value in self._before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})
        tempfile.tempdir = self._tempdir
        self._owner.release()  # before the folder goes: Windows deletes no file that is open
        shutil.rmtree(self.folder, ignore_errors=True)

    def held_bytes(self) -> int:
        """What the folder holds, at most a moment ago."""
        when, size = self._counted
        if time.monotonic() - when > _COUNT_S:
            size = sum(entry.stat(follow_symlinks=False).st_size for entry in _files(self.folder))
            self._counted = (time.monotonic(), size)
        return size

    @contextlib.contextmanager
    def room_for(self, size: int) -> Iterator[bool]:
        """Set room aside for an upload while it comes in; False where there is none left."""
        with self._changing:
            wanted = self._reserved + size
            fits = self.held_bytes() + wanted <= self._quota
            fits = fits and shutil.disk_usage(self.folder).free >= wanted + SPARE_BYTES
            if fits:
                self._reserved = wanted
        try:
            yield fits
        finally:
            if fits:
                with self._changing:
                    self._reserved -= size
                    # What came in lies on the disk now, and is to be counted there at once.
                    self._counted = (0.0, 0)

    def sweep(self) -> None:
        """Delete what was not used for as long as it is kept, and folders that it leaves empty."""
        now = time.time()
        # The path and not the name, which a visitor may give to a file as well.
        owner = str(self.folder / "owner")
        for entry in _files(self.folder):
            with contextlib.suppress(OSError):
                if entry.path != owner and self._too_old(entry.stat(follow_symlinks=False).st_mtime, now):
                    os.unlink(entry.path)
        for place in ("uploads", "work"):
            for folder in (self.folder / place).glob("*/"):
                with contextlib.suppress(OSError):
                    if self._too_old(folder.stat().st_mtime, now):
                        folder.rmdir()  # only if it is empty

    def _too_old(self, used: float, now: float) -> bool:
        # In the future as well: a clock that was set back must not keep a file for as long as it was set back.
        return abs(now - used) > self._kept_s

    def _keep_sweeping(self) -> None:
        while not self._ended.wait(min(_SWEEP_S, self._kept_s)):
            self.sweep()


def sweep_orphans(base: Path) -> None:
    """Delete the folders of runs that are over, however they ended; a run that is alive holds the lock of its own."""
    for folder in base.glob(f"{FOLDER_PREFIX}*/"):
        if hasattr(os, "getuid") and folder.lstat().st_uid != os.getuid():
            continue
        if not (folder / "owner").exists():
            # Just being made, or of a program that knows no owner files.
            with contextlib.suppress(OSError):
                if time.time() - folder.lstat().st_mtime > _STRAY_S:
                    shutil.rmtree(folder, ignore_errors=True)
            continue
        with contextlib.suppress(OSError):  # such as the lock's Timeout: its server is alive
            with _lock_of(folder).acquire(blocking=False):
                pass
            shutil.rmtree(folder, ignore_errors=True)


def _lock_of(folder: Path) -> FileLock:
    """The lock that the server of a folder holds as long as it lives; the system frees it, whatever ends the server."""
    # Taken in one thread and freed in another. Not inherited by the process that decodes, which would keep it.
    return FileLock(folder / "owner", mode=0o600, thread_local=False)


def _files(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Every file below a folder; what vanishes meanwhile is passed over."""
    waiting: list[Any] = [folder]
    while waiting:
        with contextlib.suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                else:
                    yield entry
