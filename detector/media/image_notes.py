"""What a reader should know of a picture file beside its pixels: other pictures in it, and brightness that is off."""

from __future__ import annotations

from PIL import Image

from detector.media.gif import scan_gif
from detector.media.png import png_frames
from detector.sentences import Sentence

__all__ = ["note_hdr", "note_other_pictures"]


def note_other_pictures(data: bytes, kind: str, opened_as: str | None, frames: int, notes: list[str]) -> None:
    """Say so where a file holds more pictures than the one that was read."""
    if kind == "GIF":
        frames = scan_gif(data).frames
    elif kind == "PNG":
        frames, still_is_first = png_frames(data)
        if not still_is_first:
            notes.append(
                Sentence(
                    "Only the still picture was read, not the animation of {frames} frames beside it.", frames=frames
                )
            )
            return
    if frames > 1 and (kind == "HEIC" or opened_as == "MPO"):
        notes.append(Sentence("Only the main one of {frames} pictures in the file was read.", frames=frames))
    elif frames > 1 and kind == "TIFF":
        notes.append(Sentence("Only the first of {frames} pages was read.", frames=frames))
    elif frames > 1:
        notes.append(Sentence("Only the first of {frames} frames was read.", frames=frames))


def note_hdr(data: bytes, kind: str, image: Image.Image, notes: list[str]) -> None:
    """Say so where the samples follow an HDR curve (ITU-T H.273 transfer 16 or 18), which is not tone-mapped here."""
    transfer = 0
    if kind == "HEIC":
        transfer = int((image.info.get("nclx_profile") or {}).get("transfer_characteristics", 0))
    elif kind == "AVIF" and b"tmap" not in data[:4096]:  # a gain map's own colours are not those of the picture
        at = data.find(b"colrnclx", 0, 4096)
        transfer = int.from_bytes(data[at + 10 : at + 12], "big") if at >= 0 else 0
    if transfer in (16, 18):
        notes.append(
            Sentence("The picture is HDR and was read without tone mapping, so its brightness and colours are off.")
        )
