"""What is given on the command line in place of a file: folders, patterns that the shell left as they are, web addresses."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Iterator

from detector.commands.command import printable

__all__ = ["ENDINGS", "WrongInput", "expanded"]

ENDINGS = frozenset(
    [
        ".3gp",
        ".apng",
        ".asf",
        ".avi",
        ".avif",
        ".bmp",
        ".dib",
        ".dv",
        ".flv",
        ".gif",
        ".h264",
        ".h265",
        ".heic",
        ".heif",
        ".hevc",
        ".hif",
        ".ivf",
        ".j2c",
        ".j2k",
        ".jfif",
        ".jp2",
        ".jpe",
        ".jpeg",
        ".jpf",
        ".jpg",
        ".m2ts",
        ".m2v",
        ".m4v",
        ".mkv",
        ".mov",
        ".mp4",
        ".mpeg",
        ".mpg",
        ".mts",
        ".mxf",
        ".nut",
        ".ogv",
        ".png",
        ".rm",
        ".rmvb",
        ".tif",
        ".tiff",
        ".ts",
        ".vob",
        ".webm",
        ".webp",
        ".wmv",
        ".y4m",
    ]
)
"""Of names that are taken from a folder. A file that is named itself may have any."""
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+://|www\.", re.IGNORECASE)
_PATTERN = re.compile(r"[*?\[]")


class WrongInput(ValueError):
    """Nothing can be made of an argument; the text says why and what to do."""


def expanded(given: Iterable[str]) -> list[str]:
    """The files that are meant, in the order given, those of a folder by name.

    What a folder or pattern holds comes once; a file that is named itself comes as often as it is named.

    Args:
        given: paths of files, of folders (searched with all below), and patterns such as ``photos/*.jpg``. What does not exist
            stays as it is, for the analysis to say so.

    Raises:
        WrongInput: a web address, a folder without a photo or video, a pattern that fits nothing.
    """
    files: list[str] = []
    listed, searched = set[str](), set[str]()
    for each in given:
        found = list(_files_of(each))
        named = found == [each]
        files += [file for file in found if file not in (searched if named else listed)]
        listed.update(found)
        if not named:
            searched.update(found)
    return files


def _files_of(given: str) -> Iterator[str]:
    if os.path.isdir(given):
        found = list(_below(given))
        if not found:
            raise WrongInput(
                f"the folder {printable(given)} holds no photo or video; name another, or the files themselves."
            )
        yield from found
    elif os.path.lexists(given):
        yield given
    elif _ADDRESS.match(given):
        raise WrongInput(f"{printable(given)} is a web address; download the photo or video first and give its path.")
    elif _PATTERN.search(given):
        found = sorted(file for file in glob.glob(given, recursive=True) if os.path.isfile(file))
        if not found:
            raise WrongInput(f"no file fits {printable(given)}; check the folder and the spelling.")
        yield from found
    else:
        yield given


def _below(folder: str) -> Iterator[str]:
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith(".") and os.path.splitext(name)[1].lower() in ENDINGS:
                yield os.path.join(place, name)
