"""The manifest: every field is required, every complaint names its field, a change is whole or not at all."""

from __future__ import annotations

import copy
import dataclasses
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from detector.errors import ManifestInvalid
from detector.records import (
    Bands,
    Calibration,
    ClipRules,
    CropSpec,
    ErrorRate,
    FrameMean,
    HubPin,
    ModelSpec,
    QualityGates,
    SharedTrunk,
    ShortPart,
    Verdict,
    ViewSpread,
    WeightFile,
)
from detector.weights import schema
from detector.weights.manifest import load_manifest, update_manifest
from tests import ROOT

SHIPPED = ROOT / "weights"


def spec(name: str = "cnn", **changes: Any) -> ModelSpec:
    values: dict[str, Any] = {
        "name": name,
        "architecture": "cnn",
        "kind": "image",
        "file": WeightFile(f"{name}.weights.h5", 123, "a" * 64),
        "crop": CropSpec(size=240, margin=0.3),
        "calibration": Calibration(scale=0.8, offset=-0.1),
        "bands": Bands(0.3, 0.6, None),
        "heatmap_full_scale": 4.5,
        "track_record": (ErrorRate(Verdict.NO_CLEAR_SIGNS, genuine=90, fake=20),),
        "trained_with": "python -m train fit cnn",
        "trained_at_commit": "0" * 40,
    }
    return ModelSpec(**{**values, **changes})


VIDEO = spec("seq", architecture="resnet_lstm", kind="video", trunk=SharedTrunk("cnn", "a" * 64))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The shipped manifest without its models and Hub, in a folder of its own."""
    values = json.loads((SHIPPED / "manifest.json").read_text(encoding="utf-8"))
    (tmp_path / "manifest.json").write_text(json.dumps({**values, "models": {}, "hub": None}), encoding="utf-8")
    return tmp_path


def test_shipped_manifest_describes_the_shipped_files() -> None:
    manifest = load_manifest(SHIPPED)
    files = [*manifest.face_detectors.values(), *(model.file for model in manifest.models.values())]
    present = [file for file in files if (SHIPPED / file.name).exists()]
    assert set(manifest.face_detectors.values()) <= set(present)
    for file in present:
        body = (SHIPPED / file.name).read_bytes()
        assert (len(body), hashlib.sha256(body).hexdigest()) == (file.bytes, file.sha256)


def test_the_spread_of_views_is_kept_and_leaves_with_the_weights(folder: Path) -> None:
    moves = {"jpeg": (0.5, 0.25)}
    spread = ViewSpread((-1.0, 2.0), moves, moves, 1000, "python -m train views")
    update_manifest(folder, model=spec(spread=spread))
    assert load_manifest(folder).models["cnn"].spread == spread
    update_manifest(folder, model=spec())
    assert load_manifest(folder).models["cnn"].spread is None
    with pytest.raises(ManifestInvalid, match="spread belongs to an image model"):
        update_manifest(folder, model=replace(VIDEO, spread=spread))


def test_what_is_written_is_what_is_read(folder: Path) -> None:
    gates, hub = QualityGates(40, 12.5, 20, 240, 1.0), HubPin("owner/name", "b" * 40)
    written = update_manifest(folder, model=spec(), gates=gates, hub=hub)
    assert load_manifest(folder) == written
    assert written.models["cnn"] == spec()
    update_manifest(folder, model=VIDEO)
    assert load_manifest(folder).models == {"cnn": spec(), "seq": VIDEO}
    with pytest.raises(ManifestInvalid, match="trunk belongs to a video model"):
        update_manifest(folder, model=spec(trunk=VIDEO.trunk))
    assert (written.gates, written.hub) == (gates, hub)


def test_an_update_leaves_the_rest_as_it_was(folder: Path) -> None:
    update_manifest(folder, model=spec("resnet"))
    before = json.loads((folder / "manifest.json").read_text())
    update_manifest(folder, model=spec("cnn", heatmap_full_scale=9.0))
    after = json.loads((folder / "manifest.json").read_text())
    assert after["models"].pop("cnn")["heatmap_full_scale"] == 9.0
    assert after == before
    assert "licence" in after["face_detectors"]["short_range"]


def test_a_reader_never_sees_half_a_file(folder: Path) -> None:
    before = (folder / "manifest.json").read_text()
    with (folder / "manifest.json").open() as reader:
        update_manifest(folder, model=spec())
        assert reader.read() == before  # replaced, not written over
    assert (folder / "manifest.json").read_text() != before


def test_order_of_updates_does_not_show_in_the_file(folder: Path) -> None:
    texts = []
    for order in (("cnn", "resnet"), ("resnet", "cnn")):
        for name in order:
            update_manifest(folder, model=spec(name), default_image_model=name)
        update_manifest(folder, default_image_model="cnn")
        texts.append((folder / "manifest.json").read_text())
    assert texts[0] == texts[1]
    assert texts[0].endswith("}\n")


def test_the_first_model_becomes_the_default_and_stays_it(folder: Path) -> None:
    assert update_manifest(folder, model=spec("cnn")).default_image_model == "cnn"
    assert update_manifest(folder, model=spec("other")).default_image_model == "cnn"
    assert update_manifest(folder, default_image_model="other").default_image_model == "other"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"default_image_model": "absent"}, id="unknown default"),
        pytest.param({"model": spec(trained_with="")}, id="empty field"),
        pytest.param({"hub": HubPin("owner/name", "main")}, id="branch"),
        pytest.param({"model": spec(file=WeightFile("../cnn.h5", 1, "a" * 64))}, id="path in a name"),
        pytest.param({"model": spec("../cnn")}, id="path in a model's name"),
    ],
)
def test_a_refused_update_leaves_the_file_untouched(folder: Path, change: dict[str, Any]) -> None:
    update_manifest(folder, model=spec("resnet"))
    before = (folder / "manifest.json").read_bytes()
    with pytest.raises(ManifestInvalid):
        update_manifest(folder, **change)
    assert (folder / "manifest.json").read_bytes() == before
    assert [path.name for path in folder.iterdir()] == ["manifest.json"]


def full(folder: Path) -> dict[str, Any]:
    """A manifest in which every field is filled, as JSON."""
    update_manifest(folder, model=spec(), hub=HubPin("owner/name", "b" * 40))
    update_manifest(folder, model=VIDEO)
    values: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    return values


def paths(values: object, place: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every key of nested objects and lists, as the way to it."""
    items = values.items() if isinstance(values, dict) else enumerate(values) if isinstance(values, list) else ()
    return [way for key, value in items for way in ((*place, key), *paths(value, (*place, key)))]


def named(way: tuple[str | int, ...]) -> str:
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in way).removeprefix(".")


def spoil(values: dict[str, Any], way: tuple[str | int, ...], edit: Callable[[Any, Any], None]) -> dict[str, Any]:
    spoilt = copy.deepcopy(values)
    place: Any = spoilt
    for key in way[:-1]:
        place = place[key]
    edit(place, way[-1])
    return spoilt


OPTIONAL = {
    ("models", "cnn"),
    ("models", "seq"),
    ("models", "seq", "trunk"),
    ("clips",),
    *(("clips", "frame_mean", name) for name in ("cnn", "efficientnet", "resnet")),
}
"""Names of models are no fields; weights without rules for clips are for pictures; a trunk need not be shared."""


def test_every_missing_field_is_named(folder: Path) -> None:
    values = full(folder)
    # The name of a model is no field, and a list may be shorter.
    ways = [way for way in paths(values) if way not in OPTIONAL and not isinstance(way[-1], int)]
    assert len(ways) > 50
    for way in ways:
        (folder / "manifest.json").write_text(json.dumps(spoil(values, way, lambda place, key: place.pop(key))))
        with pytest.raises(ManifestInvalid) as caught:
            load_manifest(folder)
        assert f" {named(way)} is missing" in str(caught.value)


SIGNED = {"margin", "offset", "upright_above_deg", "signs_need_sharpness", *vars(QualityGates(0, 0, 0, 0, 0))}
MAY_BE_EMPTY = {"models", "track_record", "frame_mean"}


@pytest.mark.parametrize(
    ("wrong", "fine_for"),
    [
        pytest.param(True, set(), id="true"),
        pytest.param([], MAY_BE_EMPTY, id="list"),
        pytest.param({}, MAY_BE_EMPTY, id="object"),
        pytest.param("", set(), id="text"),
        pytest.param(-1, SIGNED, id="negative"),
        pytest.param(float("nan"), set(), id="nan"),
        pytest.param(
            10**400,
            {"bytes", "genuine", "fake", "real", "size", "schema_version"}
            | {"samples", "most_samples", "stretch", "min_frames"},
            id="huge",
        ),
    ],
)
def test_every_ill_typed_field_is_named(folder: Path, wrong: object, fine_for: set[str]) -> None:
    values = full(folder)
    ways = [way for way in paths(values) if way[-1] not in fine_for]
    assert len(ways) > 40
    for way in ways:
        (folder / "manifest.json").write_text(
            json.dumps(spoil(values, way, lambda place, key: place.__setitem__(key, wrong)))
        )
        with pytest.raises(ManifestInvalid) as caught:
            load_manifest(folder)
        # A record's own check names its object; an emptied object names the first field it lacks.
        assert named(way) in str(caught.value) or f" {named(way[:-1])} is refused" in str(caught.value)


@pytest.mark.parametrize(
    ("way", "value", "says"),
    [
        (("models", "cnn", "labels", "real"), 0, "labels.real must be 1"),
        (("models", "cnn", "labels", "fake"), 1, "labels.fake must be 0"),
        (("models", "cnn", "kind"), "audio", '"image" or "video"'),
        (("models", "cnn", "crop", "size"), 8, "crop is refused"),
        (("models", "cnn", "crop", "interpolation"), "nearest", "crop is refused"),
        (("models", "cnn", "bands", "some_signs_from"), 0.1, "bands is refused"),
        (("models", "cnn", "calibration", "scale"), 0, "calibration is refused"),
        (("models", "cnn", "heatmap_full_scale"), 0, "heatmap_full_scale must be above 0"),
        (("models", "cnn", "track_record"), [{"verdict": "real", "genuine": 1, "fake": 1}], "track_record[0].verdict"),
        (("models", "cnn", "file", "name"), "..", "plain file name"),
        (("models", "cnn", "file", "name"), "a/b.h5", "plain file name"),
        (("models", "cnn", "file", "name"), "a\\b.h5", "plain file name"),
        (("models", "cnn", "file", "sha256"), "A" * 64, "64 lower-case"),
        (("face_detectors", "short_range", "name"), "/etc/passwd", "plain file name"),
        (("hub", "revision"), "main", "40 lower-case hexadecimal digits"),
        (("hub", "repo"), "name", "owner/name"),
        (("default", "image"), "absent", "default.image must name an image model"),
        (("default", "video"), "cnn", "default.video must name a video model"),
        (("schema_version",), 2, "schema_version is 2, but"),
        (("default", "video"), None, "default.video must not be null"),
        (("models", "seq", "trunk"), None, "trunk must not be null"),
        (("clips",), None, "clips must not be null"),
        (("clips", "most_samples"), 1, "clips is refused"),
        (("quality_gates", "min_sharpnes"), 3.0, "quality_gates.min_sharpnes is not a field"),
        (("models", "cnn", "threshold"), 0.5, "models.cnn.threshold is not a field"),
    ],
)
def test_wrong_values_are_refused(folder: Path, way: tuple[str, ...], value: object, says: str) -> None:
    values = spoil(full(folder), way, lambda place, key: place.__setitem__(key, value))
    (folder / "manifest.json").write_text(json.dumps(values))
    with pytest.raises(ManifestInvalid) as caught:
        load_manifest(folder)
    assert says in str(caught.value)


def test_a_number_too_long_to_print_is_refused_in_words(folder: Path) -> None:
    text = json.dumps(full(folder)).replace('"margin": 0.3', f'"margin": {"1" * 5000}')
    (folder / "manifest.json").write_text(text)
    with pytest.raises(ManifestInvalid, match=r"is not JSON|margin must be a finite number"):
        load_manifest(folder)


def test_a_rule_for_short_parts_may_be_left_out(folder: Path) -> None:
    before = load_manifest(folder).clips
    assert before is not None
    name, mean = next(iter(before.frame_mean.items()))
    short = ShortPart(frames=2, cut=1.5, genuine=80, raised=1, fitted_with="by hand")
    rules = replace(before, frame_mean={**before.frame_mean, name: replace(mean, short=short)})
    assert update_manifest(folder, clips=rules).clips == rules == load_manifest(folder).clips
    path = folder / "manifest.json"
    written = json.loads(path.read_text(encoding="utf-8"))
    assert [other for other, each in written["clips"]["frame_mean"].items() if "short" in each] == [name]
    written["clips"]["frame_mean"][name]["short"] = None
    path.write_text(json.dumps(written), encoding="utf-8")
    with pytest.raises(ManifestInvalid, match="short must not be null"):
        load_manifest(folder)


def test_a_video_model_that_decides_needs_rules_for_clips(folder: Path) -> None:
    values = full(folder)
    del values["clips"]
    (folder / "manifest.json").write_text(json.dumps(values))
    assert load_manifest(folder).clips is None
    (folder / "manifest.json").write_text(json.dumps({**values, "default": {"image": "cnn", "video": "seq"}}))
    with pytest.raises(ManifestInvalid, match="clips is missing"):
        load_manifest(folder)


@pytest.mark.parametrize(
    ("table", "record"),
    [
        (schema.FileTable, WeightFile),
        (schema.HubTable, HubPin),
        (schema.CropTable, CropSpec),
        (schema.CalibrationTable, Calibration),
        (schema.BandsTable, Bands),
        (schema.ErrorRateTable, ErrorRate),
        (schema.TrunkTable, SharedTrunk),
        (schema.QualityGatesTable, QualityGates),
        (schema.FrameMeanTable, FrameMean),
        (schema.ClipsTable, ClipRules),
        (schema.ModelTable, ModelSpec),
    ],
)
def test_the_file_has_the_fields_of_the_records(table: type[schema.Table], record: Any) -> None:
    extra = {"labels"} if record is ModelSpec else set()
    from_the_key = {"name"} if record is ModelSpec else set()
    assert set(table.model_fields) - extra == {field.name for field in dataclasses.fields(record)} - from_the_key


def test_no_manifest_and_no_json_are_different_errors(tmp_path: Path) -> None:
    with pytest.raises(ManifestInvalid, match="does not exist"):
        load_manifest(tmp_path)
    for text in ("", "{", "<html>", "\xff"):
        (tmp_path / "manifest.json").write_bytes(text.encode("latin-1"))
        with pytest.raises(ManifestInvalid, match="is not JSON"):
            load_manifest(tmp_path)
    (tmp_path / "manifest.json").write_text("[]")
    with pytest.raises(ManifestInvalid, match="must be an object"):
        load_manifest(tmp_path)


def test_the_environment_names_the_folder_and_an_argument_wins(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DETECTOR_WEIGHTS_DIR", str(folder))
    update_manifest(model=spec("mine"))
    assert set(load_manifest().models) == {"mine"}
    assert "mine" not in load_manifest(SHIPPED).models
