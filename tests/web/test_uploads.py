"""The folder of uploads: private, bounded, and empty once nobody needs what is in it."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from detector.web.uploads import Uploads
from tests import ROOT

LONG_AGO = time.time() - 3600


def put(path: Path, size: int = 1, when: float | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(size))
    if when is not None:
        os.utime(path, (when, when))
        os.utime(path.parent, (when, when))
    return path


def test_everything_temporary_lands_in_it_and_goes_with_it(tmp_path: Path) -> None:
    before = os.environ.get("GRADIO_TEMP_DIR"), tempfile.gettempdir()
    with Uploads(60, root=tmp_path) as uploads:
        assert stat.S_IMODE(uploads.folder.stat().st_mode) == 0o700
        assert Path(os.environ["GRADIO_TEMP_DIR"]).parent == uploads.folder
        assert Path(tempfile.mkdtemp()).is_relative_to(uploads.folder)
        assert uploads.folder.parent == tmp_path
    assert not list(tmp_path.iterdir())
    assert (os.environ.get("GRADIO_TEMP_DIR"), tempfile.gettempdir()) == before


def test_what_is_old_goes_and_what_is_used_stays(tmp_path: Path) -> None:
    with Uploads(300, root=tmp_path) as uploads:
        old = put(uploads.folder / "uploads" / "a" / "old.jpg", when=LONG_AGO)
        half = put(uploads.folder / "uploads" / "tmpabc", when=LONG_AGO)
        young = put(uploads.folder / "uploads" / "b" / "young.jpg")
        uploads.sweep()
        assert not old.exists() and not half.exists()
        assert young.exists()
        os.utime(old.parent, (LONG_AGO, LONG_AGO))
        uploads.sweep()
        assert not old.parent.exists()
        assert young.parent.exists()


def test_a_clock_that_was_set_back_keeps_nothing_longer(tmp_path: Path) -> None:
    with Uploads(300, root=tmp_path) as uploads:
        tomorrow = put(uploads.folder / "uploads" / "a" / "photo.jpg", when=time.time() + 86_400)
        just_now = put(uploads.folder / "uploads" / "b" / "photo.jpg", when=time.time() + 1)
        uploads.sweep()
        assert not tomorrow.exists()
        assert just_now.exists()


def test_no_name_keeps_a_file(tmp_path: Path) -> None:
    with Uploads(300, root=tmp_path) as uploads:
        named = put(uploads.folder / "uploads" / "a" / "owner", when=LONG_AGO)
        os.utime(uploads.folder / "owner", (LONG_AGO, LONG_AGO))
        uploads.sweep()
        assert not named.exists()
        assert (uploads.folder / "owner").exists()


def test_nobody_has_to_ask_for_the_sweep(tmp_path: Path) -> None:
    with Uploads(0.2, root=tmp_path) as uploads:
        path = put(uploads.folder / "uploads" / "a" / "photo.jpg")
        end = time.monotonic() + 10
        while path.exists() and time.monotonic() < end:
            time.sleep(0.05)
        assert not path.exists()


def test_room_is_set_aside_and_given_back(tmp_path: Path) -> None:
    with Uploads(300, quota_bytes=1000, root=tmp_path) as uploads:
        put(uploads.folder / "uploads" / "a", 300)
        time.sleep(0.25)
        with uploads.room_for(600) as first:
            assert first
            with uploads.room_for(200) as second:
                assert not second
        with uploads.room_for(200) as third:
            assert third
            put(uploads.folder / "uploads" / "b", 600)
        with uploads.room_for(200) as fourth:
            assert not fourth, "what has just come in counts"


def test_a_killed_run_is_swept_by_the_next_and_a_living_one_is_not(tmp_path: Path) -> None:
    code = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from detector.web.uploads import Uploads\n"
        "uploads = Uploads(300, root=sys.argv[1])\n"
        "(uploads.folder / 'uploads' / 'face.jpg').write_bytes(b'x')\n"
        "print(uploads.folder, flush=True)\n"
        "time.sleep(60)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as other:
        assert other.stdout is not None
        theirs = Path(other.stdout.readline().strip())
        with Uploads(300, root=tmp_path):
            assert (theirs / "uploads" / "face.jpg").exists()
        other.send_signal(signal.SIGKILL)
    assert theirs.exists(), "nobody had the time to tidy up"
    elsewhere = put(tmp_path / "elsewhere" / "photo.jpg", when=LONG_AGO)
    with Uploads(300, root=tmp_path):
        assert not theirs.exists()
    assert elsewhere.exists()


@pytest.mark.skipif(shutil.which("mount") is None or os.getuid() != 0, reason="only root can mount a small disk")
def test_a_full_disk_has_no_room(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("this machine does not let a small disk be mounted")
    try:
        with Uploads(300, root=disk) as uploads:
            with uploads.room_for(1 << 20) as fits:
                assert fits
            put(uploads.folder / "uploads" / "large", 8 << 20)
            with uploads.room_for(1 << 20) as fits:
                assert not fits
            (uploads.folder / "uploads" / "large").unlink()
            with uploads.room_for(1 << 20) as fits:
                assert fits
    finally:
        subprocess.run(["umount", str(disk)], check=True)
