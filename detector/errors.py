"""Every error a caller may want to catch, in one small tree.

DetectorError                 anything below; its text is a sentence a user can act on
├── MediaError                the file itself
│   ├── UnsupportedMedia      not a format that is read, whatever the name says
│   ├── DamagedMedia          truncated, corrupt, or empty
│   └── MediaTooLarge         beyond a limit that is checked before decoding
├── WeightsError              a weight file or the manifest
│   ├── ManifestInvalid       the manifest is missing, not JSON, or lacks a field
│   ├── WeightsNotFound       in none of the places searched (the Hub's 404 included)
│   ├── WeightsUnreachable    the Hub did not answer and no local copy exists
│   └── WeightsCorrupt        wrong size, wrong SHA-256, or not the architecture it claims
├── UnknownModel              a model name that the manifest does not list
├── DetectorClosed            the detector was closed before it was asked
├── AddressTaken              another program listens where the page is to be served
├── ScanRefused              a scan of many files cannot begin, or cannot go on; what is done is kept
├── WorkerFailed              the process that does the work died or reached a bound; says nothing about the file
└── Cancelled                 whoever asked for the work asked to stop it

The message names the cause and the cure. Everything that is not a ``DetectorError`` is a bug and must stay loud.
"""

from __future__ import annotations

__all__ = [
    "AddressTaken",
    "Cancelled",
    "DamagedMedia",
    "DetectorClosed",
    "DetectorError",
    "ManifestInvalid",
    "MediaError",
    "MediaTooLarge",
    "ScanRefused",
    "UnknownModel",
    "UnsupportedMedia",
    "WeightsCorrupt",
    "WeightsError",
    "WeightsNotFound",
    "WeightsUnreachable",
    "WorkerFailed",
]


class DetectorError(Exception):
    """Base of all errors whose text is meant for the user."""

    @property
    def sentence(self) -> str:
        """What was raised: a ``Sentence`` where it can be said in other languages, else the text."""
        return self.args[0] if self.args and isinstance(self.args[0], str) else str(self)


class AddressTaken(DetectorError):
    """Another program listens where the page is to be served."""


class MediaError(DetectorError):
    """The input file cannot be analysed."""


class UnsupportedMedia(MediaError):
    """The bytes are not one of the formats that are read."""


class DamagedMedia(MediaError):
    """The bytes start like a known format but do not decode completely."""


class MediaTooLarge(MediaError):
    """The file or the picture in it exceeds a limit."""


class WeightsError(DetectorError):
    """Weights or manifest cannot be used."""


class ManifestInvalid(WeightsError):
    """``manifest.json`` is missing, is not JSON, or lacks a required field."""


class WeightsNotFound(WeightsError):
    """The file is in none of the places where weights are looked for."""


class WeightsUnreachable(WeightsError):
    """The Hub could not be reached and there is no local copy."""


class WeightsCorrupt(WeightsError):
    """The file is there, but its size, SHA-256 or contents are not those of the manifest."""


class UnknownModel(DetectorError):
    """No model of that name is in the manifest."""


class DetectorClosed(DetectorError):
    """``close`` was called; whoever wants more needs another detector."""


class ScanRefused(DetectorError):
    """A scan of many files cannot begin, or cannot go on; what is done is kept."""


class WorkerFailed(DetectorError):
    """The process that does the work died, or was ended at one of its bounds; trying again may help."""


class Cancelled(DetectorError):
    """The caller's ``cancelled`` returned True; nothing is wrong with the file."""
