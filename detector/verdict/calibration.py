"""From a logit to a score."""

from __future__ import annotations

import math

from detector.records import Calibration

__all__ = ["calibrate"]


def calibrate(fake_logit: float, calibration: Calibration) -> float:
    """Turn a raw logit into a score in [0, 1] (Platt 1999).

    Args:
        fake_logit: log-odds of "fake" as the model gives them.
        calibration: fitted on held-out groups.

    Returns:
        p_fake = sigmoid(scale * fake_logit + offset), in [0, 1].

    Raises:
        ValueError: the logit is not finite; no score can be made of it.
    """
    if not math.isfinite(fake_logit):
        raise ValueError(f"calibrate: expected a finite logit, got {fake_logit!r}")
    z = calibration.scale * fake_logit + calibration.offset
    # Two forms of the same function, so that exp never overflows.
    return 1.0 / (1.0 + math.exp(-z)) if z >= 0 else math.exp(z) / (1.0 + math.exp(z))
