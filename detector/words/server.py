"""Answers of the server that refuses a request or could not finish a check."""

from __future__ import annotations

from detector.sentences import Sentence

__all__ = [
    "BROKE_OFF",
    "BUSY",
    "NO_ROOM",
    "NO_SUCH_PAGE",
    "OTHER_SITE",
    "STOPPING",
    "TOOK_TOO_LONG",
    "TOOK_TOO_MUCH",
    "TOO_MANY",
    "UNKNOWN_HOST",
    "UPLOAD_TOO_LARGE",
    "UPLOAD_TOO_SLOW",
    "WILL_NOT_START",
]

BUSY = Sentence(
    "Too many people are using this page right now, so your file was not checked. Please try again in a minute."
)
TOO_MANY = Sentence("You made many checks in a short time. Please wait a minute, then try again.")
NO_ROOM = Sentence(
    "There is no room for another file right now. Uploads are deleted after a few minutes: please try again then."
)
UPLOAD_TOO_LARGE = Sentence(
    "This file is too large: the most is 200 MB. Cut out the part that matters, or save a smaller copy."
)
UPLOAD_TOO_SLOW = Sentence("The upload took too long. Try again with a better connection, or with a smaller copy.")
UNKNOWN_HOST = Sentence(
    "This page does not answer to that host name; whoever runs it can allow the name with --allow-host."
)
OTHER_SITE = Sentence("Another site may not use this page in your name. Open the page itself.")
STOPPING = Sentence("This page is being restarted. Please try again in a minute.")
NO_SUCH_PAGE = Sentence("There is no such page.")

BROKE_OFF = Sentence(
    "The check broke off before it was done. Please try again. If it breaks off again, save the file anew, for example as "
    "JPEG or MP4, and use that one."
)
TOOK_TOO_LONG = Sentence(
    "Checking this file took too long. Cut out the part that matters, or save a smaller copy, and try again."
)
TOOK_TOO_MUCH = Sentence("Checking this file needed too much memory. Save a smaller copy and try again.")
WILL_NOT_START = Sentence(
    "The program that checks files could not be started. Please try again in a minute. If that does not help, whoever "
    "runs this page should run: python -m detector self-check"
)
