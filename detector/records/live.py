"""What a live check of a camera says after each frame."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from detector.records.result import FaceResult

__all__ = ["LiveSnapshot"]


@dataclass(frozen=True)
class LiveSnapshot:
    """The state of a live check. It holds one face at most and no frame."""

    running_s: float
    """Seconds since the first frame."""
    faces: int
    """Found in the latest frame."""
    rate: float
    """Scored faces a second, over the last few seconds."""
    person: FaceResult | None
    """The followed face over the last minute; the times of its points are seconds since that minute began. Not analysed until
    there is enough of it. None while no face was found."""
    decides: str
    """The image model whose mean over frames decides."""

    def without_pixels(self) -> LiveSnapshot:
        """The same with a black crop, for what stays on the page when the camera is off."""
        if self.person is None:
            return self
        crop = replace(self.person.crop, rgb=np.zeros_like(self.person.crop.rgb))
        return replace(self, person=replace(self.person, crop=crop))

    def __post_init__(self) -> None:
        if self.running_s < 0 or self.faces < 0 or self.rate < 0:
            raise ValueError(f"LiveSnapshot: expected no negative figures, got {self}")
        if self.person is not None and self.person.over_time is None:
            raise ValueError("LiveSnapshot.person: expected a face with its course over time")
