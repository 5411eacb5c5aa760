"""Pages of others that help to find out more; nothing is sent to them by this page."""

from __future__ import annotations

from dataclasses import dataclass

from detector.sentences import Sentence

__all__ = ["ASK_AN_EXPERT", "ELSEWHERE", "HOW_TO_ASK", "LINKS", "Link"]


@dataclass(frozen=True)
class Link:
    """A page of somebody else."""

    label: str
    address: str


ELSEWHERE = Sentence("These open other sites. Nothing is sent there unless you upload your file yourself:")
LINKS = (
    Link(Sentence("Search for older copies with TinEye"), "https://tineye.com/"),
    Link(Sentence("Search for older copies with Google"), "https://images.google.com/"),
    Link(Sentence("Look for Content Credentials"), "https://contentcredentials.org/verify"),
    Link(Sentence("Find a fact-checker who takes requests"), "https://ifcncodeofprinciples.org/signatories"),
)
ASK_AN_EXPERT = Sentence("How to ask an expert")
HOW_TO_ASK = (
    Sentence("Send the original file, not a screenshot or a copy from a chat."),
    Sentence("Say where and when you found it, and what you need to know."),
    Sentence("Add this report: it names the file, the models and every score."),
)
