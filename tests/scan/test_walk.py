"""Folders and archives: what is found, in which order, and what archives cannot do."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from detector.scan import archives, contents
from detector.scan.walk import entries

ENDINGS = {".jpg"}


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def tarred(path: Path, members: dict[str, bytes], mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def found(*places: Path, left_out: tuple[str, ...] = ()) -> list[str]:
    return [entry.label for entry in entries(map(str, places), ENDINGS, left_out)]


def read(place: Path, temp: Path) -> dict[str, contents.Content]:
    temp.mkdir()
    return {each.label: each for each in contents.contents(entries([str(place)], ENDINGS), temp)}


def test_a_folder_is_searched_in_order_for_ordinary_files(tmp_path: Path) -> None:
    for name in ("b.jpg", "a.JPG", "a/z.jpg", "a/note.txt", ".hidden/x.jpg", "a/.x.jpg", "faces/f.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "gone.jpg").symlink_to(tmp_path / "nowhere")
    (tmp_path / "again").symlink_to(tmp_path / "a")
    names = [os.path.relpath(label, tmp_path) for label in found(tmp_path, left_out=(str(tmp_path / "faces"),))]
    assert names == ["a.JPG", "b.jpg", "a/z.jpg"]
    assert found(tmp_path / "a", tmp_path / "a" / "z.jpg") == [str(tmp_path / "a" / "z.jpg")], "each path once"
    (problem,) = entries([str(tmp_path / "pipe.jpg")], ENDINGS)
    assert "neither a file nor a folder" in str(problem.problem)


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tar.xz"])
def test_members_are_labels_and_never_paths(kind: str, tmp_path: Path) -> None:
    members = {"../../up.jpg": b"1", "/etc/root.jpg": b"2", "in/a.jpg": b"3", "note.txt": b"4", "in/more.zip": b"5"}
    archive = tmp_path / f"photos.{kind}"
    if kind == "zip":
        zipped(archive, members)
    else:
        tarred(archive, members, f"w:{kind.partition('.')[2]}")
    got = read(archive, tmp_path / "temp")
    assert [label.removeprefix(f"{archive}/") for label in got] == [*list(members)[:3], "in/more.zip"]
    for name, data in list(members.items())[:3]:
        each = got[f"{archive}/{name}"]
        assert (each.sha256, Path(each.path).parent) == (hashlib.sha256(data).hexdigest(), tmp_path / "temp")
        each.discard()
    assert "archive in another" in str(got[f"{archive}/in/more.zip"].problem)
    assert sorted(path.name for path in tmp_path.iterdir()) == [archive.name, "temp"]
    assert not list((tmp_path / "temp").iterdir())


def test_links_in_archives_are_passed_over(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        link = tarfile.TarInfo("passwd.jpg")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        info = zipfile.ZipInfo("passwd.jpg")
        info.external_attr = 0o120777 << 16
        packed.writestr(info, "/etc/passwd")
    assert found(tmp_path) == []


def test_a_member_that_is_too_large_is_a_problem_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "MOST_BYTES", 1000)
    got = read(zipped(tmp_path / "a.zip", {"bomb.jpg": bytes(2_000_000), "b.jpg": b"b"}), tmp_path / "temp")
    assert "larger than 256 MB" in str(got[f"{tmp_path}/a.zip/bomb.jpg"].problem)
    assert [path.read_bytes() for path in (tmp_path / "temp").iterdir()] == [b"b"]


def test_an_archive_with_too_many_entries_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MOST_MEMBERS", 2)
    archive = zipped(tmp_path / "a.zip", {f"{i}.jpg": b"x" for i in range(3)})
    (entry,) = entries([str(archive)], ENDINGS)
    assert entry.label == str(archive)
    assert "too much to be searched" in str(entry.problem)


def test_damage_costs_only_what_is_damaged(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "a.zip", {"a.jpg": os.urandom(500), "b.jpg": b"b"})
    data = bytearray(archive.read_bytes())
    data[100] ^= 255
    archive.write_bytes(data)
    got = read(archive, tmp_path / "temp")
    assert "cannot be read from its archive" in str(got[f"{archive}/a.jpg"].problem)
    assert got[f"{archive}/b.jpg"].sha256
    (tmp_path / "half.zip").write_bytes(data[:300])
    (entry,) = entries([str(tmp_path / "half.zip")], ENDINGS)
    assert "archive is damaged" in str(entry.problem)


def test_a_tar_that_ends_early_loses_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = tarred(tmp_path / "a.tar", {"a.jpg": b"a" * 2000, "b.jpg": b"b" * 2000}, "w")
    found = list(entries([str(archive)], ENDINGS))
    archive.write_bytes(archive.read_bytes()[:3500])  # while the scan runs
    (tmp_path / "temp").mkdir()
    first, second = contents.contents(found, tmp_path / "temp")
    assert first.sha256
    assert "archive" in str(second.problem)


def test_a_file_that_nobody_may_read_is_a_problem(tmp_path: Path) -> None:
    (content,) = contents.contents(entries([str(tmp_path / "gone.jpg")], ENDINGS), tmp_path)
    assert "cannot be opened (No such file" in str(content.problem)
