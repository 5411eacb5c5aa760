"""Laws of finding, measuring and cropping faces.

The real faces are two public-domain portraits that come with scikit-image and matplotlib.
"""

from __future__ import annotations

import itertools
import math
import subprocess
import sys
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data
from matplotlib import cbook
from numpy.typing import NDArray

from detector.faces.crops import crop_face, measure_quality
from detector.faces.finder import FaceFinder
from detector.records import Box, CropSpec, Detection, Frame
from tests import ROOT

WEIGHTS = ROOT / "weights"
SPEC = CropSpec(size=96, margin=0.3)
UInt8Image = NDArray[np.uint8]


@pytest.fixture(scope="module")
def astronaut() -> UInt8Image:
    """(512, 512, 3); one face, about 100 px."""
    return np.ascontiguousarray(skimage.data.astronaut())


@pytest.fixture(scope="module")
def hopper() -> UInt8Image:
    """(600, 512, 3); one face, about 200 px."""
    bgr = cv2.imread(str(cbook.get_sample_data("grace_hopper.jpg", asfileobj=False)))
    rgb: UInt8Image = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
    return rgb


def only(found: list[Detection]) -> Detection:
    assert len(found) == 1, [detection.box for detection in found]
    return found[0]


def turned(rgb: UInt8Image, angle: float) -> UInt8Image:
    """Turned clockwise as seen, about its centre, the border repeated."""
    height, width = rgb.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), -angle, 1.0)
    flags, border = cv2.INTER_CUBIC, cv2.BORDER_REPLICATE
    result: UInt8Image = cv2.warpAffine(rgb, matrix, (width, height), flags=flags, borderMode=border)
    return result


def face_at(box: Box, roll_deg: float = 0.0) -> Detection:
    """A made-up detection with plausible keypoints, tilted about the box's centre."""
    pattern = np.array([[-0.2, -0.15], [0.2, -0.15], [0, 0.05], [0, 0.25], [-0.45, -0.1], [0.45, -0.1]])
    angle = math.radians(roll_deg)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    keypoints = pattern * box.width @ turn.T + box.center
    return Detection(box=box, keypoints=keypoints.astype(np.float32), score=1.0)


def position_picture(width: int, height: int) -> Frame:
    """Every pixel says where it is: red grows with x, green with y, blue is constant."""
    x = np.broadcast_to(np.arange(width) * 255.0 / width, (height, width))
    y = np.broadcast_to((np.arange(height) * 255.0 / height)[:, None], (height, width))
    return Frame(np.stack([x, y, np.full((height, width), 77.0)], axis=2).round().astype(np.uint8))


# --- finding ---


def test_finds_the_face_where_it_is(finder: FaceFinder, astronaut: UInt8Image) -> None:
    found = only(finder.find(Frame(astronaut)))
    assert found.box.iou(Box(170, 65, 275, 170)) > 0.6
    right_eye, left_eye, nose, mouth, right_ear, left_ear = found.keypoints
    assert right_ear[0] < right_eye[0] < nose[0] < left_eye[0] < left_ear[0]
    assert max(right_eye[1], left_eye[1]) < nose[1] < mouth[1]


def test_mirroring_the_picture_mirrors_box_and_keypoints(finder: FaceFinder, hopper: UInt8Image) -> None:
    straight = only(finder.find(Frame(hopper)))
    mirrored = only(finder.find(Frame(np.ascontiguousarray(hopper[:, ::-1]))))
    width, slack = hopper.shape[1], 0.03 * straight.box.width
    assert mirrored.box.left == pytest.approx(width - straight.box.right, abs=slack)
    assert mirrored.box.top == pytest.approx(straight.box.top, abs=slack)
    back = mirrored.keypoints[[1, 0, 2, 3, 5, 4]] * (-1, 1) + (width, 0)
    np.testing.assert_allclose(back, straight.keypoints, atol=2 * slack)


@pytest.mark.parametrize("factor", [0.5, 1.7, 4.0])
def test_box_scales_with_the_picture(finder: FaceFinder, hopper: UInt8Image, factor: float) -> None:
    small = only(finder.find(Frame(hopper)))
    scaled = only(finder.find(Frame(cv2.resize(hopper, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA))))
    np.testing.assert_allclose(
        [scaled.box.left, scaled.box.top, scaled.box.right, scaled.box.bottom],
        np.array([small.box.left, small.box.top, small.box.right, small.box.bottom]) * factor,
        atol=0.05 * small.box.width * factor,
    )


def test_box_does_not_depend_on_the_framing(finder: FaceFinder, astronaut: UInt8Image) -> None:
    wide = only(finder.find(Frame(astronaut)))
    x, y = (round(value) for value in wide.box.center)
    half = round(0.6 * wide.box.width)
    tight = only(finder.find(Frame(np.ascontiguousarray(astronaut[y - half : y + half, x - half : x + half]))))
    dx, dy = x - half, y - half
    moved = Box(tight.box.left + dx, tight.box.top + dy, tight.box.right + dx, tight.box.bottom + dy)
    assert moved.iou(wide.box) > 0.88


@pytest.mark.parametrize("angle", [-45, -30, -15, 15, 30, 45])
def test_finds_a_tilted_face_and_its_tilt(finder: FaceFinder, astronaut: UInt8Image, angle: int) -> None:
    level = only(finder.find(Frame(astronaut)))
    level_roll = measure_quality(Frame(astronaut), level).roll_deg
    frame = Frame(turned(astronaut, angle))
    tilted = only(finder.find(frame))
    assert measure_quality(frame, tilted).roll_deg == pytest.approx(level_roll + angle, abs=6)
    assert tilted.box.width == pytest.approx(level.box.width, rel=0.08)


def test_finds_every_face_of_a_group_in_reading_order(
    finder: FaceFinder, astronaut: UInt8Image, hopper: UInt8Image
) -> None:
    rng = np.random.default_rng(0)
    canvas = cv2.resize(rng.integers(60, 200, (6, 8, 3)).astype(np.uint8), (2400, 1800), interpolation=cv2.INTER_CUBIC)
    places = []
    for number, (width, column, row) in enumerate(
        [(230, 0, 0), (450, 1, 0), (760, 2, 0), (600, 0, 1), (300, 1, 1), (230, 2, 1)]
    ):
        source = (astronaut, hopper)[number % 2]
        height = round(width * source.shape[0] / source.shape[1])
        picture = cv2.resize(source, (width, height), interpolation=cv2.INTER_AREA)
        left, middle = 20 + 800 * column + number, 450 + 900 * row
        top = middle - picture.shape[0] // 2
        canvas[top : top + picture.shape[0], left : left + width] = picture
        places.append((left, left + width, top, top + picture.shape[0]))
    found = finder.find(Frame(canvas))
    assert len(found) == 6
    centers = {detection.box.center for detection in found}
    for left, right, top, bottom in places:
        assert sum(left < x < right and top < y < bottom for x, y in centers) == 1
    for one, other in itertools.pairwise(found):
        same_row = abs(one.box.center[1] - other.box.center[1]) < one.box.height / 2
        assert one.box.center[0] < other.box.center[0] if same_row else one.box.center[1] < other.box.center[1]


def test_finds_a_small_face_in_a_panorama(finder: FaceFinder, hopper: UInt8Image) -> None:
    strip = np.full((300, 9000, 3), 120, np.uint8)
    strip[50:250, 7000:7171] = cv2.resize(hopper, (171, 200), interpolation=cv2.INTER_AREA)
    assert 7000 < only(finder.find(Frame(strip))).box.center[0] < 7171


@pytest.mark.parametrize("level", [0, 60, 255])
def test_nothing_in_blank_or_noise(finder: FaceFinder, level: int) -> None:
    blank = np.full((600, 800, 3), level, np.uint8)
    noise = np.clip(np.random.default_rng(0).normal(level, 15, blank.shape), 0, 255).astype(np.uint8)
    assert finder.find(Frame(blank)) == []
    assert finder.find(Frame(noise)) == []


@pytest.mark.parametrize("name", ["chelsea", "coffee", "rocket", "brick", "grass"])
def test_nothing_in_pictures_without_people(finder: FaceFinder, name: str) -> None:
    picture = getattr(skimage.data, name)()
    rgb = np.broadcast_to(np.atleast_3d(picture), (*picture.shape[:2], 3))
    assert finder.find(Frame(np.ascontiguousarray(rgb))) == []


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (900, 1), (2, 3), (17, 16), (3000, 4)])
def test_odd_shapes_hold_no_face_and_do_no_harm(finder: FaceFinder, shape: tuple[int, int]) -> None:
    assert finder.find(Frame(np.full((*shape, 3), 128, np.uint8))) == []


def test_one_finder_serves_many_threads(finder: FaceFinder, astronaut: UInt8Image, hopper: UInt8Image) -> None:
    frames = [Frame(astronaut), Frame(hopper)]
    alone = [only(finder.find(frame)).box for frame in frames]
    together: list[list[Box]] = [[] for _ in range(4)]

    def work(number: int) -> None:
        for turn in range(4):
            together[number].append(only(finder.find(frames[(number + turn) % 2])).box)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == [[alone[(number + turn) % 2] for turn in range(4)] for number in range(4)]


def test_opening_and_finding_print_nothing_on_stderr(capfd: pytest.CaptureFixture[str], astronaut: UInt8Image) -> None:
    short, full = WEIGHTS / "blaze_face_short_range.tflite", WEIGHTS / "blaze_face_full_range_sparse.tflite"
    with FaceFinder(short, full) as opened:
        opened.find(Frame(astronaut))
    assert capfd.readouterr().err == ""


@pytest.mark.slow
def test_a_finder_that_nobody_closes_ends_with_python_and_without_a_traceback() -> None:
    code = (
        "import sys, numpy; from pathlib import Path; from detector.faces.finder import FaceFinder; "
        "from detector.records import Frame; finder = FaceFinder(*map(Path, sys.argv[1:])); "
        "print(len(finder.find(Frame(numpy.zeros((64, 64, 3), numpy.uint8)))))"
    )
    short, full = WEIGHTS / "blaze_face_short_range.tflite", WEIGHTS / "blaze_face_full_range_sparse.tflite"
    command = [sys.executable, "-c", code, str(short), str(full)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "0\n"
    assert "Traceback" not in done.stderr, done.stderr


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "broken.tflite"
    broken.write_bytes(b"not a model" * 100)
    with pytest.raises((RuntimeError, ValueError)):
        FaceFinder(broken, broken)
    with pytest.raises(FileNotFoundError):
        FaceFinder(tmp_path / "absent.tflite", broken)


# --- cropping ---


@pytest.mark.parametrize(
    ("size", "box", "source", "interpolation"),
    [
        pytest.param((1000, 800), Box(300, 200, 500, 400), Box(240, 140, 560, 460), cv2.INTER_AREA, id="shrinking"),
        pytest.param((400, 300), Box(100, 100, 130, 130), Box(91, 91, 139, 139), cv2.INTER_CUBIC, id="growing"),
    ],
)
def test_crop_is_the_box_and_its_margins(size: tuple[int, int], box: Box, source: Box, interpolation: int) -> None:
    frame = position_picture(*size)
    crop = crop_face(frame, face_at(box), SPEC)
    assert crop.source == source
    cut = frame.rgb[int(source.top) : int(source.bottom), int(source.left) : int(source.right)]
    np.testing.assert_array_equal(crop.rgb, cv2.resize(cut, (96, 96), interpolation=interpolation))


def test_the_longer_side_of_the_box_counts() -> None:
    crop = crop_face(position_picture(1000, 1000), face_at(Box(400, 450, 600, 550)), SPEC)
    assert (crop.source.width, crop.source.height) == (320, 320)
    assert crop.source.center == (500, 500)


@pytest.mark.parametrize(
    ("box", "source"),
    [
        (Box(-20, -10, 180, 190), Box(0, 0, 320, 320)),
        (Box(850, 700, 1050, 900), Box(680, 480, 1000, 800)),
        (Box(100, 50, 800, 750), Box(50, 0, 850, 800)),
    ],
    ids=["moved right and down", "moved left and up", "shrunk to the shorter side"],
)
def test_at_the_border_the_square_is_moved_then_shrunk(box: Box, source: Box) -> None:
    assert crop_face(position_picture(1000, 800), face_at(box), SPEC).source == source


def test_a_tilted_face_is_cut_upright() -> None:
    frame = position_picture(1000, 800)
    for roll in (-80, -45, -25, 25, 45, 80):
        crop = crop_face(frame, face_at(Box(420, 320, 580, 480), roll), SPEC)
        side = 160 * 1.6
        angle = math.radians(roll)
        # Where a step along the crop's own axes leads in the frame, read back from the colours.
        middle = crop.rgb[16:80, 16:80].astype(float)
        along_x, along_y = np.gradient(middle, axis=1).mean((0, 1)), np.gradient(middle, axis=0).mean((0, 1))
        per_pixel = np.array([255 / 1000, 255 / 800])
        step = side / 96 * per_pixel
        assert along_x[:2] == pytest.approx(np.array([math.cos(angle), math.sin(angle)]) * step, abs=0.01)
        assert along_y[:2] == pytest.approx(np.array([-math.sin(angle), math.cos(angle)]) * step, abs=0.01)
        assert middle.mean((0, 1)) == pytest.approx([500 * per_pixel[0], 400 * per_pixel[1], 77], abs=0.6)
        reach = side / 2 * (abs(math.cos(angle)) + abs(math.sin(angle)))
        assert crop.source.left == pytest.approx(500 - reach)
        assert crop.source.bottom == pytest.approx(400 + reach)


def test_a_slight_tilt_is_left_alone() -> None:
    frame = position_picture(1000, 800)
    box = Box(420, 320, 580, 480)
    level = crop_face(frame, face_at(box), SPEC)
    assert np.array_equal(crop_face(frame, face_at(box, 19), SPEC).rgb, level.rgb)
    assert not np.array_equal(crop_face(frame, face_at(box, 21), SPEC).rgb, level.rgb)


def test_no_crop_leaves_the_picture_or_invents_pixels() -> None:
    rng = np.random.default_rng(0)
    for _ in range(300):
        width, height = (int(value) for value in rng.integers(40, 400, 2))
        # Blue is 77 in every pixel of the picture and nowhere else: an invented one would show.
        frame = position_picture(width, height)
        side = float(rng.uniform(8, 300))
        x, y = rng.uniform(0, width), rng.uniform(0, height)
        box = Box(x - side / 2, y - side / 2, x + side / 2, y + side / 2)
        crop = crop_face(frame, face_at(box, float(rng.uniform(-90, 90))), SPEC)
        assert crop.rgb.shape == (96, 96, 3)
        assert 0 <= crop.source.left < crop.source.right <= width
        assert 0 <= crop.source.top < crop.source.bottom <= height
        assert crop.source.width == pytest.approx(crop.source.height)
        assert np.all(crop.rgb[:, :, 2] == 77)


def test_a_turned_crop_always_holds_the_whole_face_square() -> None:
    frame = position_picture(600, 500)
    rng = np.random.default_rng(1)
    turned_crops = 0
    for _ in range(200):
        side, roll = float(rng.uniform(40, 300)), float(rng.uniform(25, 60))
        x, y = rng.uniform(0.5 * side, 600 - 0.5 * side), rng.uniform(0.5 * side, max(0.51 * side, 500 - 0.5 * side))
        detection = face_at(Box(x - side / 2, y - side / 2, x + side / 2, y + side / 2), roll)
        crop = crop_face(frame, detection, SPEC)
        if np.ptp(crop.rgb[0, :, 1].astype(int)) <= 1:
            continue  # Fell back to the upright square: no turned one fits.
        turned_crops += 1
        angle = math.radians(roll)
        spread = math.cos(angle) + math.sin(angle)
        own_x = (np.array([x, y]) - crop.source.center) @ [math.cos(angle), math.sin(angle)]
        own_y = (np.array([x, y]) - crop.source.center) @ [-math.sin(angle), math.cos(angle)]
        assert max(abs(own_x), abs(own_y)) + side / 2 <= crop.source.width / spread / 2 + 1e-6
    assert turned_crops > 50


def test_where_no_turned_square_fits_the_crop_is_upright() -> None:
    frame = position_picture(220, 220)
    tight = Box(5, 5, 215, 215)
    crop = crop_face(frame, face_at(tight, 40), SPEC)
    assert crop.source == Box(0, 0, 220, 220)
    np.testing.assert_array_equal(crop.rgb, crop_face(frame, face_at(tight), SPEC).rgb)


def test_the_same_input_gives_the_same_bytes(finder: FaceFinder, astronaut: UInt8Image) -> None:
    for picture in (astronaut, turned(astronaut, 35)):
        first, again = (crop_face(Frame(p), only(finder.find(Frame(p))), SPEC) for p in (picture, picture.copy()))
        assert first.rgb.tobytes() == again.rgb.tobytes()
        assert first.source == again.source
        assert first.quality == again.quality


def test_turning_a_face_hardly_changes_its_crop(finder: FaceFinder, hopper: UInt8Image) -> None:
    level = crop_face(Frame(hopper), only(finder.find(Frame(hopper))), SPEC).rgb
    picture = turned(hopper, 30)
    tilted = crop_face(Frame(picture), only(finder.find(Frame(picture))), SPEC).rgb
    blurred = [cv2.GaussianBlur(crop, (0, 0), 2).astype(float)[16:80, 16:80].ravel() for crop in (level, tilted)]
    assert np.corrcoef(*blurred)[0, 1] > 0.9


# --- quality ---


def test_quality_of_a_known_face(finder: FaceFinder, hopper: UInt8Image) -> None:
    detection = only(finder.find(Frame(hopper)))
    quality = measure_quality(Frame(hopper), detection)
    assert quality.size_px == pytest.approx(detection.box.width)
    assert abs(quality.roll_deg) < 15
    assert abs(quality.yaw) < 0.6
    darker = measure_quality(Frame((hopper * 0.25).astype(np.uint8)), detection)
    assert darker.brightness == pytest.approx(quality.brightness * 0.25, abs=1)
    blurred = measure_quality(Frame(cv2.GaussianBlur(hopper, (0, 0), 4)), detection)
    assert blurred.sharpness < 0.2 * quality.sharpness


def test_sharpness_does_not_grow_with_resolution(finder: FaceFinder, hopper: UInt8Image) -> None:
    double = cv2.resize(hopper, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    one, two = (measure_quality(Frame(p), only(finder.find(Frame(p)))).sharpness for p in (hopper, double))
    assert two == pytest.approx(one, rel=0.2)


@pytest.mark.parametrize("roll", [-60.0, -20.0, 0.0, 20.0, 60.0])
def test_roll_is_clockwise_and_yaw_follows_the_nose(roll: float) -> None:
    frame = position_picture(400, 400)
    detection = face_at(Box(150, 150, 250, 250), roll)
    quality = measure_quality(frame, detection)
    assert quality.roll_deg == pytest.approx(roll, abs=1e-3)
    assert quality.yaw == pytest.approx(0, abs=1e-5)
    eye_line = detection.keypoints[1] - detection.keypoints[0]
    moved = detection.keypoints.copy()
    moved[2] += 0.5 * eye_line
    assert measure_quality(frame, Detection(detection.box, moved, 1.0)).yaw == pytest.approx(0.5, abs=1e-5)


def test_a_full_profile_has_a_finite_large_yaw() -> None:
    detection = face_at(Box(150, 150, 250, 250))
    keypoints = detection.keypoints.copy()
    keypoints[1] = keypoints[0] + (0.5, 0)
    keypoints[2] = keypoints[0] + (30, 20)
    yaw = measure_quality(position_picture(400, 400), Detection(detection.box, keypoints, 1.0)).yaw
    assert math.isfinite(yaw)
    assert yaw > 0.6


def test_a_box_outside_the_frame_is_a_bug_of_the_caller() -> None:
    with pytest.raises(ValueError, match="outside a frame"):
        crop_face(position_picture(100, 100), face_at(Box(200, 200, 300, 300)), SPEC)
