"""Texts of the page that checks photos on the reader's own device, beside those that it shares with the served page."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from detector.sentences import N_, Sentence

__all__ = [
    "CHECKED_HERE",
    "DROP",
    "LEFT_OUT",
    "LEFT_OUT_HEAD",
    "LICENCES",
    "NO_SCRIPT",
    "OPENED_AS_FILE",
    "PRIVACY",
    "PURPOSE",
    "REFUSALS",
    "SAVE",
    "STATES",
    "WEIGHTS_LICENCE",
]

PURPOSE = Sentence("Looks for signs that a face in your photo was altered or made by AI.")
PRIVACY = Sentence("Your photo stays on this device: the page checks it itself, and nothing is uploaded.")
CHECKED_HERE = Sentence("Checked on this device; nothing was uploaded.")
NO_SCRIPT = Sentence("This page does all of its work with scripts. Turn on JavaScript for it.")
OPENED_AS_FILE = Sentence(
    "The page's scripts did not start. It must come from a web server, not be opened as a file, and needs a browser of the "
    "last few years."
)
DROP = Sentence("Drop a photo here, paste one, or press to choose it")
SAVE = Sentence("Save the result (JSON)")
WEIGHTS_LICENCE = Sentence("The models are for research use only.")
LICENCES = Sentence("Licences of all parts")
LEFT_OUT_HEAD = Sentence("What this page leaves out")
LEFT_OUT: tuple[Sentence, ...] = (
    Sentence("The score, the test with tiny changes, and the rules are those of the full program."),
    Sentence(
        "It does not draw what the model reacted to, hide parts of the face, ask other models, or read what the file says "
        "about itself."
    ),
    Sentence(
        "It checks one photo at a time, no videos, and only formats that your browser can show; of a file with several "
        "pictures the first."
    ),
    Sentence("Your browser decodes the photo and saves it again for the test, so a score may differ by a point or so."),
)
STATES: Mapping[str, str] = MappingProxyType(
    {
        "loading": N_("Loading the models, once: {done} of {total} MB."),
        "preparing": N_("Preparing the models. This takes a few seconds."),
        "ready": N_("Ready. The page now works without a network, too."),
        "ready_online": N_("Ready. Here the page cannot be kept for use without a network."),
        "reading": N_("Reading the photo."),
    }
)
"""What the page is doing."""
REFUSALS: Mapping[str, str] = MappingProxyType(
    {
        "unreadable": N_(
            "Your browser cannot read this file as a picture. Choose a photo in JPEG, PNG or WebP that is whole."
        ),
        "several": N_("One photo at a time, please: choose a single file."),
        "no_file": N_("There was no picture in what you pasted or dropped. Copy a photo, not its address."),
        "no_simd": N_(
            "This browser lacks WebAssembly with SIMD, which the check needs. Update it, or use another one."
        ),
        "no_graphics": N_(
            "This browser has WebGL turned off, which finding faces needs. Turn it on, or use another browser."
        ),
        "changed_pixels": N_(
            "This browser changes the pixels that a page reads, as a protection, so a score would be wrong. Allow this page to "
            "read them, or use another browser."
        ),
        "not_loaded": N_("The models could not be loaded. Check your connection, then reload the page."),
        "failed": N_("The check failed in this browser. Reload the page and try again, or use another browser."),
    }
)
"""Why there is no result: cause and cure."""
