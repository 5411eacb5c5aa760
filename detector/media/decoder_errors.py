"""What decoders let out on damaged bytes, as sentences."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image

from detector.errors import DamagedMedia, MediaTooLarge
from detector.media.structure import PARSER_ERRORS
from detector.sentences import Sentence

__all__ = ["GARBLED", "damaged", "decoder_errors", "quiet_decoders"]

GARBLED = Sentence("part of the picture is missing or garbled")


def damaged(kind: str, detail: str) -> DamagedMedia:
    """The error for a file of a kind that is not whole; ``detail`` is a phrase."""
    return DamagedMedia(
        Sentence(
            "This {kind} file is damaged or incomplete ({detail}), so it was not read. "
            "Copy or download it again, or export it anew from the original.",
            kind=kind,
            detail=detail,
        )
    )


@contextmanager
def quiet_decoders() -> Iterator[None]:
    """Keep the decoders' warnings off the terminal: what a user should know is in an error or a note."""
    with warnings.catch_warnings():
        # The filter names its modules, so that a race with another thread's filters can at worst hide these.
        warnings.filterwarnings("ignore", module=r"(PIL|pillow_heif)\.")
        yield


@contextmanager
def decoder_errors(kind: str) -> Iterator[None]:
    """Turn what a decoder lets out on damaged bytes into a ``MediaError``."""
    with quiet_decoders():
        try:
            yield
        except Image.DecompressionBombError as error:
            raise MediaTooLarge(
                Sentence(
                    "The picture has more than {most} megapixels. Save a smaller copy and try again.",
                    most=(Image.MAX_IMAGE_PIXELS or 0) // 10**6,
                )
            ) from error
        except MemoryError as error:
            raise MediaTooLarge(
                Sentence("Reading this picture needs more memory than there is. Save a smaller copy.")
            ) from error
        except PARSER_ERRORS as error:
            raise damaged(kind, Sentence("its contents do not decode, or use a rare variant of the format")) from error
