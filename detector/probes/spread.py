"""Which views of a face could change its verdict; the others need not be scored.

How far each view moves a score was measured on held-out faces (``train.measuring.view_spread``) and stands in the manifest. A
view that would have to move it farther to reach a cut than one in a thousand did there is left out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from detector.probes.stability import CUT_VIEWS, view_scores
from detector.records import Bands, Calibration, Verdict, ViewSpread
from detector.sentences import joined
from detector.verdict.calibration import calibrate
from detector.verdict.faces import judge_stability

__all__ = ["telling_views"]


def telling_views(
    verdict: Verdict,
    logit: float,
    sides: NDArray[np.float32],
    calibration: Calibration,
    bands: Bands,
    spread: ViewSpread | None,
) -> tuple[str, ...]:
    """The views of ``CUT_VIEWS`` that could change a verdict.

    Only a score above its band matters to "no clear signs", and only one below it to signs; "inconclusive" stays so whatever
    the views give, be it by the score or since the mirror image contradicts.

    Args:
        verdict: of the score, before the test of stability.
        logit: the score's, uncalibrated: ``face_logit``, or the mean over a person's frames.
        sides: (2,) fake logits of the scored crop and of its mirror image, or their means.
        calibration: of the score.
        bands: the same.
        spread: of the model; without it every view could.
    """
    if spread is None:
        return CUT_VIEWS
    p_fake = calibrate(logit, calibration)
    of_sides: Mapping[str, float] = view_scores(sides, {}, calibration, base=logit)
    verdict, _, _ = judge_stability(verdict, joined(""), p_fake, of_sides, bands)
    if verdict is Verdict.NO_CLEAR_SIGNS:
        cut, rising = bands.no_clear_signs_below, True
    elif verdict is Verdict.SOME_SIGNS:
        cut, rising = bands.some_signs_from, False
    elif verdict is Verdict.STRONG_SIGNS and bands.strong_signs_from is not None:
        cut, rising = bands.strong_signs_from, False
    else:
        return ()

    def reaches(view: str) -> bool:
        fall, rise = spread.reach(view, logit)
        if math.isinf(rise if rising else fall):
            return True
        farthest = calibrate(logit + rise if rising else logit - fall, calibration)
        return farthest >= cut if rising else farthest < cut

    return tuple(view for view in CUT_VIEWS if reaches(view))
