"""How fast the detector is, compared with a naive baseline and with a lower bound for any program.

    python -m tests.bench.speed [--rounds 7] [--short] [--out FOLDER] [--publish]

Four sides on the same files, in one process: ours whole (``Detector.analyze`` with heatmaps, then what the page draws); ours
without what no verdict rests on (``verdict_only``); the naive shape (``tests.bench.naive``) with our default model; and the
floor, which is decoding alone plus one batched pass of our default model over the faces. Writes ``speed.json`` and
``speed.png`` and prints the table. ``--publish`` writes both to ``tests/bench/results`` and the section on speed to
``docs/speed.md``; it needs a quiet machine and takes a good hour.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from detector import Detector, load_detector
from detector.drawing import heatmap
from detector.faces.crops import crop_face
from detector.media import images as media
from detector.media.clips import VideoSamples, sample_by_rules
from detector.models.loading import open_finder
from detector.records import FaceCrop
from detector.weights.store import WeightStore
from tests import ROOT
from tests.bench.compare import in_turns, ratio, too_busy
from tests.bench.inputs import make_clip, make_photo
from tests.bench.naive import Naive
from tests.bench.speed_words import SECTION, draw, section, table
from tests.conftest import SHIPPED
from tests.support.running import Running
from train.lineage import commit

__all__ = ["DOCUMENT", "RESULTS", "Case", "main", "measure", "peak_memory_mib", "run", "scores_agree"]

RESULTS = Path(__file__).resolve().parent / "results"
DOCUMENT = ROOT / "docs" / "speed.md"

NAIVE_S = 60.0
"""Seconds that the naive side is timed for, a file: as many of the rounds as fit, at least one."""
AGREE = 1e-3
"""Largest difference of P(real) between ours and ``keras.predict`` on the same crop."""


@dataclass(frozen=True)
class Case:
    """One file to measure on."""

    name: str
    path: Path
    faces: int
    """Per picture or frame."""
    clip: bool = False


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, write; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.speed", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=7, help="of A B B A (default 7)")
    parser.add_argument("--short", action="store_true", help="a few small files: for a change under work")
    parser.add_argument("--out", type=Path, default=Path("runs/speed"), help="folder for speed.json and speed.png")
    parser.add_argument("--publish", action="store_true", help="the whole run, into the repository and docs/speed.md")
    options = parser.parse_args(arguments)
    if options.publish and options.short:
        parser.error("--publish is for the whole run")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if busy := too_busy():
        print(busy, file=sys.stderr)
        if options.publish:
            return 1
    result = run(options.short, options.rounds)
    out = RESULTS if options.publish else options.out
    out.mkdir(parents=True, exist_ok=True)
    (out / "speed.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    draw(result, out / "speed.png")
    if options.publish:
        DOCUMENT.write_text(SECTION.replaced(DOCUMENT.read_text(encoding="utf-8"), section(result)), encoding="utf-8")
    print(*table(result), sep="\n")
    return 0


def run(short: bool, rounds: int) -> dict[str, Any]:
    """The whole measurement, as it is written to ``speed.json``."""
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        page_s = None if short else _page_s(Path(folder))
        peak = None if short else peak_memory_mib(Path(folder))
        start = time.perf_counter()
        with load_detector() as detector:
            detector.warm_up()
            ready = time.perf_counter() - start
            cases = _cases(Path(folder), short)
            naive = Naive()
            rows = []
            for case in cases:
                rows.append(measure(case, detector, naive, rounds))
                print(_line(rows[-1]), flush=True)
            curves = {} if short else _curves(Path(folder), detector)
            annotated = None if short else _annotated_share(Path(folder), detector)
            versions = detector.analyze(cases[0].path).versions
    return {
        "date": date.today().isoformat(),
        "commit": commit(),
        "machine": f"{os.cpu_count()} cores, {_processor()}, {platform.system()}",
        "versions": dict(versions),
        "load": load,
        "rounds": rounds,
        "naive_seconds": NAIVE_S,
        "load_and_warm_up_s": round(ready, 2),
        "page_s": page_s,
        "annotated_share": annotated,
        "peak_memory_mib": peak,
        "cases": rows,
        "curves": curves,
    }


def _page_s(folder: Path) -> float:
    """Seconds from ``python app.py`` to the page, median of three."""
    spent = []
    for number in range(3):
        temp = folder / f"page{number}"
        temp.mkdir()
        with Running(SHIPPED, temp) as running:
            spent.append(running.page_s)
    return round(float(np.median(spent)), 2)


def peak_memory_mib(folder: Path) -> int:
    """The most memory that ours holds, in a process of its own: loading, then a photo of 8 MP and a clip of 1080p."""
    photo = make_photo(folder / "memory.jpg", 1, 8)
    clip = make_clip(folder / "memory.mp4", 10, 1080, group=60)
    code = (
        "import resource, sys; from detector import load_detector; detector = load_detector(); detector.warm_up(); "
        "[detector.analyze(path) for path in sys.argv[1:]]; "
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    command = [sys.executable, "-c", code, str(photo), str(clip)]
    done = subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    return round(int(done.stdout.split()[-1]) / 1024)


def _curves(folder: Path, detector: Detector) -> dict[str, list[tuple[float, float]]]:
    """(faces in a photo of 8 MP, seconds) and (seconds of a 720p clip, seconds): how ours grows."""
    photos = [(float(n), make_photo(folder / f"curve{n}.jpg", n, 8)) for n in (1, 2, 4, 8, 12, 20)]
    clips = [(float(n), make_clip(folder / f"curve{n}.mp4", n, 720, kbps=2000, group=60)) for n in (5, 10, 30, 60, 180)]
    return {
        name: [(x, _median_s(path, detector)) for x, path in each]
        for name, each in (("faces", photos), ("seconds", clips))
    }


def _median_s(path: Path, detector: Detector, calls: int = 5) -> float:
    spent = []
    for _ in range(calls + 1):
        start = time.perf_counter()
        detector.analyze(path)
        spent.append(time.perf_counter() - start)
    return round(float(np.median(spent[1:])), 4)


def _annotated_share(folder: Path, detector: Detector) -> float:
    """Seconds that writing the marked video takes, for each of its own; a 1080p clip of 10 s."""
    path = make_clip(folder / "mark.mp4", 10, 1080, group=60)
    report = detector.analyze(path)
    start = time.perf_counter()
    detector.annotate(path, report, folder / "marked.mp4", heat=True)
    return round((time.perf_counter() - start) / 10, 2)


def _cases(folder: Path, short: bool) -> list[Case]:
    if short:
        return [
            Case("photo, 1 face, 1 MP", make_photo(folder / "1.jpg", 1, 1), 1),
            # As few frames as the naive side can take in a minute.
            Case("clip, 2 s, 480p, 10 frames", make_clip(folder / "s.mp4", 2, 480, fps=5), 1, clip=True),
        ]
    photos = [
        Case(f"photo, {faces} face{'s' if faces > 1 else ''}, {size} MP",
             make_photo(folder / f"{faces}_{size}.jpg", faces, size), faces)
        for faces in (1, 3, 12) for size in (1, 8, 24)
    ]  # fmt: skip
    clips = [
        Case("clip, 10 s, 720p", make_clip(folder / "720.mp4", 10, 720, kbps=2000, group=60), 1, clip=True),
        Case("clip, 10 s, 1080p", make_clip(folder / "1080.mp4", 10, 1080, group=60), 1, clip=True),
        Case(
            "clip, 10 s, 1080p, 50 Mb/s", make_clip(folder / "rate.mp4", 10, 1080, kbps=50_000, group=60), 1, clip=True
        ),
        Case("clip, 10 s, 1080p, one key frame", make_clip(folder / "gop.mp4", 10, 1080, group=600), 1, clip=True),
        Case("clip, 60 s, 1080p", make_clip(folder / "long.mp4", 60, 1080, group=60), 1, clip=True),
    ]
    return photos + clips


def measure(case: Case, detector: Detector, naive: Naive, rounds: int) -> dict[str, Any]:
    """All sides on one file.

    Raises:
        RuntimeError: ours found another number of faces than there are, or its scores differ from ``keras.predict``.
    """
    crops = _crops(case, detector)
    if len(crops) < case.faces:
        raise RuntimeError(f"{case.name}: {len(crops)} faces found, {case.faces} are there")
    if (apart := scores_agree(detector, naive, crops[0])) > AGREE:
        raise RuntimeError(f"{case.name}: our score differs by {apart:.2g} from that of keras.predict on the same crop")
    ours, verdict = _ours(case, detector, verdict_only=False), _ours(case, detector, verdict_only=True)
    whole, alone, least = in_turns((ours, verdict, _floor(case, detector, crops)), rounds)
    naive_side, spent = _naive(case, detector, naive)
    naive_rounds = max(1, min(rounds, int(NAIVE_S / (2 * spent))))
    beside, alone_beside, usual = in_turns((ours, verdict, naive_side), naive_rounds, warm_up=0)
    return {
        "name": case.name,
        **{
            f"{name}_{kind}": round(float(np.median(getattr(side, "cpu" if kind == "cpu_s" else "wall"))), 4)
            for name, side in (("ours", whole), ("verdict", alone), ("naive", usual), ("floor", least))
            for kind in ("s", "cpu_s")
        },
        "naive_rounds": naive_rounds,
        "ours_over_floor": _rounded(ratio(whole.wall, least.wall)),
        "cpu_ours_over_floor": _rounded(ratio(whole.cpu, least.cpu)),
        "verdict_over_floor": _rounded(ratio(alone.wall, least.wall)),
        "naive_over_ours": _rounded(ratio(usual.wall, beside.wall)),
        "cpu_naive_over_ours": _rounded(ratio(usual.cpu, beside.cpu)),
        "naive_over_verdict": _rounded(ratio(usual.wall, alone_beside.wall)),
        "stages_ms": stages(case, detector),
        "score_difference": float(f"{apart:.2g}"),
    }


def scores_agree(detector: Detector, naive: Naive, crop: FaceCrop) -> float:
    """Largest difference of P(real) between our scorer and ``keras.predict`` of the same model on the same crop.

    Our scorer averages a crop and its mirror image, so both are predicted and averaged in log-odds.
    """
    ours = -float(detector.select().scorer.fake_logits(crop.rgb[None])[0])
    both = np.array([naive.score(crop.rgb), naive.score(np.ascontiguousarray(crop.rgb[:, ::-1]))])
    logit = float(np.log(both / (1 - both)).mean())
    return float(abs(1 / (1 + np.exp(-ours)) - 1 / (1 + np.exp(-logit))))


def _rounded(found: tuple[float, float, float]) -> list[float]:
    return [round(value, 2) for value in found]


def _naive(case: Case, detector: Detector, naive: Naive) -> tuple[Callable[[], object], float]:
    """The naive side, warm, and about how many seconds it will take."""
    if not case.clip:
        start = time.perf_counter()
        naive.photo(case.path)
        return lambda: naive.photo(case.path), time.perf_counter() - start
    with _sampled(case, detector) as clip:
        frames = len(clip)
    # Its functions are made for each size of picture, so that two frames warm them up as well as all.
    naive.clip(case.path, 2)
    start = time.perf_counter()
    naive.clip(case.path, 2)
    return lambda: naive.clip(case.path, frames), (time.perf_counter() - start) * frames / 2


def _ours(case: Case, detector: Detector, *, verdict_only: bool) -> Callable[[], object]:
    def run() -> None:
        found = detector.analyze(case.path, verdict_only=verdict_only)
        for face in found.faces:
            maps = [face.heatmap] if face.over_time is None else [moment.heatmap for moment in face.over_time.moments]
            for heat in maps:
                if heat is not None:
                    media.encode_jpeg(heatmap.heatmap_on_crop(face.crop.rgb, heat.towards_fake, heat.towards_real), 90)

    return run


def _floor(case: Case, detector: Detector, crops: list[FaceCrop]) -> Callable[[], object]:
    batch = np.stack([crop.rgb for crop in crops])
    scorer = detector.select().scorer

    def photo() -> object:
        media.read_image(case.path)
        return scorer.fake_logits(batch)

    def clip() -> object:
        with _sampled(case, detector) as frames:
            for _ in frames:
                pass
        return scorer.fake_logits(batch)

    return clip if case.clip else photo


def _sampled(case: Case, detector: Detector) -> VideoSamples:
    """A clip opened for the frames that the detector samples."""
    rules = detector.manifest.clips
    assert rules is not None, "the manifest has rules for clips"
    return sample_by_rules(case.path, rules)


def _crops(case: Case, detector: Detector) -> list[FaceCrop]:
    spec = detector.select().spec.crop
    with open_finder(WeightStore()) as finder:
        if not case.clip:
            frame = media.read_image(case.path).frame
            return [crop_face(frame, found, spec) for found in finder.find(frame)]
        with _sampled(case, detector) as clip:
            return [crop_face(frame, found, spec) for group in clip for frame in group for found in finder.find(frame)]


def stages(case: Case, detector: Detector) -> dict[str, float]:
    """Where the time goes, each stage run for itself once warm: milliseconds for the whole file."""
    spent: dict[str, float] = {}

    @contextmanager
    def stage(name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        spent[name] = round(1000 * (time.perf_counter() - start) + spent.get(name, 0.0), 1)

    selected = detector.select()
    with open_finder(WeightStore()) as finder:
        with stage("decode"):
            if case.clip:
                with _sampled(case, detector) as clip:
                    frames = [frame for group in clip for frame in group]
            else:
                frames = [media.read_image(case.path).frame]
        with stage("detect"):
            found = [(frame, detection) for frame in frames for detection in finder.find(frame)]
        with stage("crop"):
            crops = [crop_face(frame, detection, selected.spec.crop) for frame, detection in found]
        batch = np.stack([crop.rgb for crop in crops])
        with stage("infer, default model"):
            selected.scorer.fake_logits(batch)
        shown = batch[: 4 if case.clip else len(batch)]
        with stage("explain"):
            towards_fake, towards_real = selected.explainer.evidence(shown)
        full = selected.spec.heatmap_full_scale
        with stage("draw"):
            drawn = [
                heatmap.heatmap_on_crop(crop, *(np.clip(heat / full, 0, 1).astype(np.float32) for heat in heats))
                for crop, *heats in zip(shown, towards_fake, towards_real, strict=True)
            ]
        with stage("encode"):
            for picture in drawn:
                media.encode_jpeg(picture, 90)
    return spent


def _line(row: dict[str, Any]) -> str:
    return (
        f"{row['name']}: verdict {1000 * row['verdict_s']:.0f} ms, whole {1000 * row['ours_s']:.0f} ms, naive "
        f"{row['naive_over_ours'][0]:.1f} times longer, floor {1000 * row['floor_s']:.0f} ms"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


if __name__ == "__main__":
    sys.exit(main())
