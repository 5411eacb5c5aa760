"""How hard the English texts for readers are: ``python -m tests.bench.reading_age [--worst N]``.

The Flesch-Kincaid grade (Kincaid et al. 1975) of a text is the year of an American school in which it is read without effort:
0.39 * words per sentence + 11.8 * syllables per word - 15.59. Newspapers lie between 9 and 12. Syllables are counted as groups
of vowels, without a silent final e, which is near enough for the mean over many words.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable

from detector.words import extraction

__all__ = ["grade", "texts"]

_WORD = re.compile(r"[A-Za-z][A-Za-z'’-]*")
_LEFT_OUT = ("detector/media", "detector/pipeline", "detector/commands", "detector/words/origin.py")
"""Sources of sentences about formats, options and notes in files, whose terms cannot be chosen."""


def texts() -> list[str]:
    """Every whole English sentence of page and report, with a plain word for each field."""
    found = []
    for message in extraction.sentences_of_the_source():
        ids = (message.id,) if isinstance(message.id, str) else message.id
        if all(path.startswith(_LEFT_OUT) for path, _ in message.locations):
            continue
        found += [re.sub(r"\{[^}]*\}", "this", each) for each in ids if each.rstrip().endswith((".", "?"))]
    return found


def grade(sentences: Iterable[str]) -> float:
    """Flesch-Kincaid grade of a text.

    Args:
        sentences: one or more in each string.

    Raises:
        ValueError: there is no word in them.
    """
    parts = [part for text in sentences for part in re.split(r"(?<=[.!?])\s+", text) if _WORD.search(part)]
    words = [word for part in parts for word in _WORD.findall(part)]
    if not words:
        raise ValueError("grade: expected at least one word")
    return 0.39 * len(words) / len(parts) + 11.8 * sum(map(_syllables, words)) / len(words) - 15.59


def _syllables(word: str) -> int:
    plain = re.sub(r"[^a-z]", "", word.lower())
    plain = re.sub(r"(?<=[^aeiouyl])e$|(?<=[^aeiouytd])ed$", "", plain) or plain
    return max(1, len(re.findall(r"[aeiouy]+", plain)))


def main() -> None:
    """Print the grade of all texts together, and the hardest ones."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worst", type=int, default=10, metavar="N", help="how many of the hardest texts to list")
    given = parser.parse_args()
    found = texts()
    print(f"{len(found)} texts, Flesch-Kincaid grade {grade(found):.1f}")
    for text in sorted(found, key=lambda text: -grade([text]))[: given.worst]:
        print(f"{grade([text]):5.1f}  {text}")


if __name__ == "__main__":
    main()
