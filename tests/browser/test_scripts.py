"""The scripts against what they repeat: the same verdicts in the same words, and the same pixels, in headless Chromium."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from detector.faces.crops import crop_face
from detector.faces.flatness import flat_share
from detector.faces.geometry import Pyramid, Square
from detector.probes import stability
from detector.records import (
    Bands,
    Box,
    CropSpec,
    Detection,
    FaceCrop,
    FaceQuality,
    FaceResult,
    Frame,
    QualityGates,
    Verdict,
)
from detector.sentences import of_hundred
from detector.verdict.faces import judge_face, judge_quality, judge_stability
from detector.verdict.files import judge_file, withhold_of_drawing
from detector.words.language import LANGUAGES
from tests.support.browsing import needs_chromium
from tests.support.static_site import Site

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [needs_chromium, pytest.mark.needs_weights, pytest.mark.slow]

BANDS = (Bands(0.3, 0.7, 0.9, 10.0), Bands(0.5952, 0.8656, None), Bands(0.4, 0.4, 0.995))
RNG = np.random.default_rng(22)

SETUP = """async (rules) => {
  const modules = ["judge", "numbers", "words", "crops", "views", "pixels", "squares"];
  const loaded = await Promise.all(modules.map((name) => import(`/js/${name}.js`)));
  window.lib = Object.assign({}, ...loaded);
  window.rules = await (await fetch("/rules.json")).json();
  const words = await (await fetch("/words.json")).json();
  window.languages = Object.values(words).map((table) => new lib.Language(table));
  window.inAll = (said) => languages.map((language) => language.say(said));
  window.picture = ([width, height, data]) => lib.picture(width, height, Uint8Array.from(atob(data), (c) => c.charCodeAt(0)));
  window.bytes = ({ data }) => btoa(Array.from(data, (byte) => String.fromCharCode(byte)).join(""));
  window.faceOf = ([box, points]) => ({ box: lib.box(...box), points, score: 1 });
}"""


@pytest.fixture(scope="module")
def page(browser: Browser, scripts: Site) -> Iterator[Page]:
    """A page that has the scripts, and nothing else."""
    context = browser.new_context()
    opened = context.new_page()
    opened.goto(f"{scripts.url}blank.html")
    opened.evaluate(SETUP)
    yield opened
    context.close()


def in_all(sentence: str) -> list[str]:
    return [say(sentence) for say in LANGUAGES.values()]


def given(bands: Bands) -> dict[str, Any]:
    return dict(vars(bands))


def sent(rgb: NDArray[np.uint8]) -> list[Any]:
    return [rgb.shape[1], rgb.shape[0], base64.b64encode(rgb.tobytes()).decode()]


def received(data: str, height: int, width: int) -> NDArray[np.uint8]:
    return np.frombuffer(base64.b64decode(data), np.uint8).reshape(height, width, 3)


def scores_near(bands: Bands) -> list[float]:
    near = [cut + by for cut in bands.cuts for by in (-0.02, -1e-4, -1e-9, 0, 1e-9, 1e-4, 0.02)]
    return sorted({min(1.0, max(0.0, score)) for score in (*near, 0.0, 1e-6, 0.005, 0.015, 0.5, 0.999999, 1.0)})


def test_scores_are_written_alike(page: Page) -> None:
    cases = [(score, bands.cuts) for bands in BANDS for score in scores_near(bands)] + [(0.125, ()), (0.375, ())]
    found = page.evaluate("(cases) => cases.map(([score, cuts]) => lib.ofHundred(score, cuts, rules.sentences))", cases)
    assert found == [list(of_hundred(score, *cuts)) for score, cuts in cases]


def test_halves_are_rounded_alike(page: Page) -> None:
    values = [0.5, 1.5, 2.5, 0.125, 0.375, 2.675, -0.5, 99.5, 1e-9, 12.0]
    found = page.evaluate("(values) => values.map((v) => [0, 1, 2].map((d) => lib.fixed(v, d)))", values)
    assert found == [[f"{value:.{digits}f}" for digits in (0, 1, 2)] for value in values]


def test_a_face_is_judged_alike_in_the_same_words(page: Page) -> None:
    cases, wanted = [], []
    for bands, sharpness in itertools.product(BANDS, (5.0, 50.0)):
        for score in scores_near(bands):
            verdict, reason = judge_face(score, bands, sharpness)
            cases.append([score, given(bands), sharpness])
            wanted.append([verdict.value, in_all(reason)])
    found = page.evaluate(
        """(cases) => cases.map(([score, bands, sharpness]) => {
          const [verdict, reason] = lib.judgeFace(score, bands, rules, sharpness);
          return [verdict, inAll(reason)];
        })""",
        cases,
    )
    assert found == wanted
    assert {verdict for verdict, _ in wanted} == {each.value for each in Verdict} - {"not_analysed"}


def test_small_changes_take_a_verdict_back_alike(page: Page) -> None:
    cases, wanted = [], []
    for bands in BANDS:
        for score in scores_near(bands):
            spread = RNG.choice([0.005, 0.02, 0.3])
            views = [float(np.clip(score + RNG.uniform(-spread, spread), 0, 1)) for _ in stability.VIEWS]
            scores = dict(zip(stability.VIEWS, views, strict=True))
            for sharpness in (5.0, 50.0):
                judged = judge_stability(*judge_face(score, bands, sharpness), score, scores, bands)
                cases.append([score, given(bands), sharpness, scores])
                wanted.append([judged[0].value, in_all(judged[1]), judged[2].holds, judged[2].decided])
    found = page.evaluate(
        """(cases) => cases.map(([score, bands, sharpness, scores]) => {
          const judged = lib.judgeFace(score, bands, rules, sharpness);
          const [verdict, reason, { holds, decided }] = lib.judgeStability(...judged, score, scores, bands, rules);
          return [verdict, inAll(reason), holds, decided];
        })""",
        cases,
    )
    assert found == wanted
    assert {tuple(each[2:]) for each in wanted} == {(True, False), (False, False), (False, True)}


def test_quality_gates_are_alike(page: Page) -> None:
    gates = QualityGates(40, 5, 20, 240, 1.0)
    good = {"size_px": 60.0, "sharpness": 50.0, "brightness": 100.0, "roll_deg": 3.0, "yaw": 0.1}
    changes: list[dict[str, float]] = [
        {}, {"size_px": 39.6}, {"size_px": 40.0}, {"sharpness": 4.99}, {"brightness": 19.5}, {"brightness": 240.01},
        {"yaw": -1.01}, {"yaw": 1.0}, {"sharpness": 0.0, "brightness": 1.0}, {"size_px": 2.5},
    ]  # fmt: skip
    qualities = [good | change for change in changes]
    judged = [judge_quality(FaceQuality(**quality), gates) for quality in qualities]
    found = page.evaluate(
        """([qualities, gates]) => qualities.map((quality) => {
          const refused = lib.judgeQuality(quality, gates, rules);
          return refused && [refused.obstacle, inAll(refused.reason)];
        })""",
        [qualities, vars(gates)],
    )
    assert found == [each and [each.obstacle.value, in_all(each.reason)] for each in judged]


def face(score: float | None, bands: Bands, flat: float = 0.0) -> FaceResult:
    box = Box(0, 0, 16, 16)
    crop = FaceCrop(
        np.zeros((16, 16, 3), np.uint8),
        box,
        Detection(box, np.zeros((6, 2), np.float32), 1.0),
        FaceQuality(10, 50, 50, 0, 0),
    )
    if score is None:
        refused = judge_quality(crop.quality, QualityGates(40, 5, 20, 240, 1.0))
        assert refused is not None
        return FaceResult(crop, Verdict.NOT_ANALYSED, refused.reason, None)
    return withhold_of_drawing(FaceResult(crop, *judge_face(score, bands), score), flat)


@pytest.mark.parametrize("bands", BANDS[:2])
def test_a_photo_is_judged_by_its_faces_alike(page: Page, bands: Bands) -> None:
    groups: list[list[tuple[float | None, float]]] = [
        [], [(0.1, 0.0)], [(0.1, 0.6)], [(None, 0.0)], [(None, 0.0)] * 3, [(0.2, 0.0), (0.8, 0.0), (None, 0.0)],
        [(0.98, 0.0), (0.98, 0.0)], [(None, 0.0), (0.65, 0.0), (0.1, 0.9), (None, 0.0)],
    ]  # fmt: skip
    wanted = []
    for group in groups:
        verdict, reason, p_fake, index = judge_file([face(score, bands, flat) for score, flat in group])
        wanted.append([verdict.value, in_all(reason), p_fake, index])
    found = page.evaluate(
        """([groups, bands, gates]) => groups.map((group) => {
          const faces = group.map(([score, flat]) => {
            const refused = score === null && lib.judgeQuality({ size_px: 10 }, gates, rules);
            if (refused) return { verdict: "not_analysed", reason: refused.reason, p_fake: null };
            const [verdict, reason] = lib.withholdOfDrawing(...lib.judgeFace(score, bands, rules), score, flat, rules);
            return { verdict, reason, p_fake: score };
          });
          const { verdict, reason, p_fake, deciding } = lib.judgeFile(faces, rules);
          return [verdict, inAll(reason), p_fake, deciding];
        })""",
        [groups, given(bands), {"min_size_px": 40}],
    )
    assert found == wanted


# Pixels ---------------------------------------------------------------------------------------------------------------


def scene(height: int, width: int) -> NDArray[np.uint8]:
    """Noise at several scales: every error of a pixel's place shows."""
    total = np.zeros((height, width, 3))
    for step in (4, 16, 64):
        coarse = RNG.uniform(0, 85, (height // step + 2, width // step + 2, 3))
        total += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(total, 0, 255).astype(np.uint8)


def detection(x: float, y: float, side: float, roll: float) -> Detection:
    """A face of that side about a point, tilted by degrees."""
    square = Square(x, y, side, roll)
    shares = np.array([[0.3, 0.4], [0.7, 0.4], [0.52, 0.6], [0.5, 0.8], [0.1, 0.5], [0.9, 0.5]])
    half = side / 2
    return Detection(Box(x - half, y - half, x + half, y + half), square.to_frame(shares).astype(np.float32), 1.0)


def handed_over(found: Detection) -> list[Any]:
    box = found.box
    return [[box.left, box.top, box.right, box.bottom], found.keypoints.tolist()]


FACES = [
    (150, 160, 130.5, 3),
    (150, 160, 300, 0),
    (40, 30, 90, -8),
    (170, 150, 110, 33),
    (120, 130, 61.25, -71),
    (60, 60, 100, 28),
]


def close(found: NDArray[np.uint8], wanted: NDArray[np.uint8]) -> None:
    """Equal but for what rounding may do to a level here and there."""
    apart = np.abs(found.astype(int) - wanted.astype(int))
    assert apart.max() <= 1 and (apart > 0).mean() < 0.02, (apart.max(), (apart > 0).mean())


@pytest.mark.parametrize("place", FACES)
@pytest.mark.parametrize("size", [64, 224])
def test_a_face_is_cut_alike(page: Page, place: tuple[float, float, float, float], size: int) -> None:
    rgb, found, spec = scene(331, 320), detection(*place), CropSpec(size, 0.25)
    wanted = crop_face(Frame(rgb), found, spec)
    data, source, quality, flat = page.evaluate(
        """([shown, face, spec]) => {
          const crop = lib.cropFace(picture(shown), faceOf(face), spec, rules);
          return [bytes(crop.picture), crop.source, crop.quality, lib.flatShare(crop.picture, rules.flatness)];
        }""",
        [sent(rgb), handed_over(found), vars(spec)],
    )
    close(received(data, size, size), wanted.rgb)
    assert source["left"] == pytest.approx(wanted.source.left) and source["width"] == pytest.approx(wanted.source.width)
    assert quality == pytest.approx(vars(wanted.quality), rel=2e-3, abs=1e-4)
    assert flat == pytest.approx(flat_share(wanted.rgb), abs=2e-3)


@pytest.mark.parametrize("place", FACES)
def test_views_are_cut_alike(page: Page, place: tuple[float, float, float, float]) -> None:
    """All but the JPEG, which is the browser's own and is left as it was here."""
    rgb, found, spec = scene(331, 320), detection(*place), CropSpec(96, 0.25)
    wanted = stability.views(Frame(rgb), found, spec)
    made = page.evaluate(
        """async ([shown, face, spec]) => {
          const made = await lib.views(picture(shown), faceOf(face), spec, rules, async (part) => part);
          return made.map(bytes);
        }""",
        [sent(rgb), handed_over(found), vars(spec)],
    )
    shown: Mapping[str, str] = dict(zip(stability.CUT_VIEWS, made, strict=True))
    for name in ("half_size", "shifted"):
        close(received(shown[name], 96, 96), wanted[name])


@pytest.mark.parametrize(
    "square", [Square(150, 160, 320), Square(300, 20, 200, 30), Square(160, 160, 900), Square(60, 70, 40, -100)]
)
def test_search_windows_are_rendered_alike(page: Page, square: Square) -> None:
    rgb = scene(331, 520)
    data = page.evaluate(
        """([shown, square]) => {
          const levels = lib.pyramid(picture(shown), rules.geometry.SMALLEST_LEVEL);
          return bytes(lib.rendered(levels, square, 128));
        }""",
        [sent(rgb), vars(square)],
    )
    close(received(data, 128, 128), Pyramid(rgb).render(square, 128))


def test_pictures_are_turned_and_mirrored_alike(page: Page) -> None:
    rgb = scene(20, 30)
    turns = page.evaluate(
        "(shown) => [0, 1, 2, 3].map((quarters) => bytes(lib.turned(picture(shown), quarters)))", sent(rgb)
    )
    for quarters, data in enumerate(turns):
        wanted = np.rot90(rgb, quarters)
        assert (received(data, *wanted.shape[:2]) == wanted).all()
    data = page.evaluate("(shown) => bytes(lib.mirrored(picture(shown)))", sent(rgb))
    assert (received(data, 20, 30) == rgb[:, ::-1]).all()
