"""``python -m tests.corpus``: writes the files of the corpus and their list."""

from __future__ import annotations

import argparse
from pathlib import Path

from tests.corpus import write


def main() -> None:
    """Write the corpus and its list."""
    parser = argparse.ArgumentParser(prog="python -m tests.corpus", description="Writes hostile and odd files.")
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    rows = [f"{path.name!r}\t{case.kind}\t{case.expect}\n" for case, path in write(folder)]
    (folder / "MANIFEST.tsv").write_text("".join(["name\tkind\texpect\n", *rows]), encoding="utf-8")
    print(f"{len(rows)} files in {folder}")


if __name__ == "__main__":
    main()
