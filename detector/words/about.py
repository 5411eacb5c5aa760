"""Texts of the tab "About" and of the form that reports a wrong result."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from detector.sentences import Sentence

__all__ = [
    "ABOUT",
    "CHANGED",
    "CONSENT",
    "COPY_IT",
    "DELETED",
    "FAILS",
    "FIGURES",
    "FIGURES_HEAD",
    "FLAGGED_FAKE",
    "FLAGGED_GENUINE",
    "HOW_HEAD",
    "HOW_IT_WORKS",
    "KIND_OF_FACES",
    "LICENCE",
    "MEASURED_HEAD",
    "MODEL",
    "MODELS_HEAD",
    "NOT_MEASURED",
    "OF_FAKE",
    "OF_GENUINE",
    "PAIRS",
    "PRIVACY",
    "PRIVACY_HEAD",
    "SEND",
    "SOURCE",
    "SOURCES",
    "STORED",
    "STORED_NOT",
    "TESTS_HEAD",
    "TRUTH",
    "TRUTHS",
    "VERDICT",
    "WEAKER_HEAD",
    "WHAT_FAILS",
    "WHAT_IS_STORED",
    "WHOLE_CARD",
    "WITHDREW",
    "WRONG",
    "measured_on",
    "misses",
    "pairs",
    "per_hundred",
]

ABOUT = Sentence("About")
HOW_HEAD = Sentence("How a face is checked")
HOW_IT_WORKS: tuple[Sentence, ...] = (
    Sentence(
        "We find the faces and cut them out. Faces that are too small, dark, blurred or turned away are not checked."
    ),
    Sentence(
        "Networks that have seen many genuine, altered and AI-made faces give each face a score. One sets the result."
    ),
    Sentence(
        "We score the face again after tiny changes: saved again, half the size, mirrored, cropped a little. If the verdict "
        "changes with them, we say that we can't tell."
    ),
    Sentence(
        "Lines show what the network reacted to. We name a part of the face only if blurring it changes the score far more "
        "than blurring random spots."
    ),
    Sentence("Of a video, we check frames over its whole length in the same way, person by person."),
)

MEASURED_HEAD = Sentence("How often the verdicts are wrong")
VERDICT = Sentence("Verdict")
OF_GENUINE = Sentence("of 100 genuine faces")
OF_FAKE = Sentence("of 100 altered or AI-made faces")
TESTS_HEAD = Sentence("Where the test faces come from matters")
KIND_OF_FACES = Sentence("Test faces")
FLAGGED_GENUINE = Sentence("genuine, wrongly said to show signs")
FLAGGED_FAKE = Sentence("altered, rightly said to show signs")
WEAKER_HEAD = Sentence("After saving, shrinking or blurring")
CHANGED: Mapping[str, Sentence] = MappingProxyType(
    {
        "jpeg_q50": Sentence("saved as a poor JPEG"),
        "half_size": Sentence("shrunk to half the size"),
        "blur": Sentence("blurred"),
        "noise": Sentence("with noise"),
        "c40_like": Sentence("compressed like a poor web video"),
    }
)
SOURCES: Mapping[str, Sentence] = MappingProxyType(
    {
        "dfdc": Sentence("Swapped faces in amateur videos of paid actors (DFDC)"),
        "ffpp_c23": Sentence("Swapped and re-enacted faces in web videos (FaceForensics++)"),
        "ffhq_stylegan": Sentence("Portraits from the web and faces made by StyleGAN 1 and 2"),
        "stylegan2_portraits": Sentence("Photographed portraits and faces made by StyleGAN 2"),
        "lfw": Sentence("Genuine press photos (LFW)"),
        "utkface": Sentence("Genuine faces of all ages (UTKFace)"),
        "youtube_faces": Sentence("Genuine faces from web videos (YouTube Faces)"),
        "london": Sentence("Genuine studio portraits (Face Research Lab London)"),
        "web": Sentence("Genuine photos from the web"),
    }
)
MODELS_HEAD = Sentence("The networks")
MODEL = Sentence("Network")
PAIRS = Sentence("of 100 pairs of a genuine and an altered face, ranked rightly (50 is guessing)")
NOT_MEASURED = Sentence("The measurements that came with the networks were not found on this computer.")

WHAT_FAILS = Sentence("What fails")
FAILS: tuple[Sentence, ...] = (
    Sentence("Faces made by AI generators that are not in the tables below may well be missed."),
    Sentence("Strong compression, screenshots and shrinking wash out traces, or imitate them."),
    Sentence("Filters, heavy make-up and retouching can look like manipulation."),
    Sentence("In strongly compressed videos the networks are weak."),
    Sentence("Voices, bodies, backgrounds and captions are not checked."),
    Sentence(
        "The test faces come from the same collections as the training faces. Elsewhere errors are likely more frequent."
    ),
)

FIGURES_HEAD = Sentence("The measurements as pictures")
FIGURES: Mapping[str, Sentence] = MappingProxyType(
    {
        "confusion.png": Sentence("How many genuine and altered test faces got each verdict."),
        "reliability.png": Sentence(
            "Whether a score means what it says: on the diagonal, 80 of 100 faces with a score of 80 are altered."
        ),
        "roc.png": Sentence(
            "How many altered faces are found for how many false alarms; the further up and left a curve, the better."
        ),
        "training.png": Sentence("How the networks improved while they learned."),
    }
)
PRIVACY_HEAD = Sentence("What happens to your file")
PRIVACY: tuple[Sentence, ...] = (
    Sentence("It is checked on the computer that runs this page, and sent nowhere else."),
    Sentence("It and its result are deleted there within minutes. Neither is used for training."),
    Sentence("If you report a wrong result, scores and verdicts are stored only with your consent, and never a face."),
)
LICENCE = Sentence("Licence")
SOURCE = Sentence("The source code comes with the program.")
DELETED = Sentence(
    "Your file is checked on the computer that runs this page, sent nowhere else, never used for training, and deleted within "
    "minutes."
)
WHOLE_CARD = Sentence("The whole model card (in English, for specialists)")

WRONG = Sentence("This result is wrong")
WITHDREW = Sentence("Close without storing anything")
TRUTH = Sentence("What do you know about it?")
TRUTHS: Mapping[str, Sentence] = MappingProxyType(
    {
        "unaltered": Sentence("It is unaltered"),
        "altered": Sentence("It is altered or AI-made"),
        "unknown": Sentence("I don't know, but the result seems wrong"),
    }
)
WHAT_IS_STORED = Sentence("This is all that would be stored. No picture, no file name, nothing about you:")
CONSENT = Sentence(
    "I agree that this text is stored on the computer that runs this page, to find out where the check fails."
)
SEND = Sentence("Store this text")
STORED = Sentence("Stored. Thank you.")
STORED_NOT = Sentence("Nothing was stored: tick the consent above first.")
COPY_IT = Sentence("Nothing is stored here. You can copy this text and send it to whoever runs this page.")


def measured_on(genuine: int, fake: int, date: str) -> Sentence:
    """How many test faces the figures rest on."""
    return Sentence(
        "Measured on {genuine} genuine and {fake} altered or AI-made faces that the networks had not seen ({date}).",
        genuine=genuine,
        fake=fake,
        date=date,
    )


def misses(share: float) -> Sentence:
    """How many altered faces are not flagged."""
    return Sentence(
        "Of 100 altered or AI-made test faces, {count:.0f} are not flagged. “No clear signs” is never an all-clear.",
        count=100 * share,
    )


def per_hundred(share: float | None) -> str:
    """A share as "12 of 100"; a dash where it was not measured, and never 0 or 100 for what is merely rare or frequent."""
    if share is None:
        return "–"
    if 0 < share < 0.005:
        return Sentence("fewer than 1 of 100")
    if 0.995 < share < 1:
        return Sentence("more than 99 of 100")
    return Sentence("{count:.0f} of 100", count=100 * share)


def pairs(auc: float | None) -> str:
    """The area under the ROC curve as what it is: the share of pairs that are ranked rightly."""
    return "–" if auc is None else f"{100 * auc:.0f}"
