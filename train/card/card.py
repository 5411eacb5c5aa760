"""The generated parts of the model card: the Hub's metadata at its head, and the tables. The words around are by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from train.card.clip_tables import clip_section
from train.card.tables import (
    ablation_table,
    degradation_table,
    ethnicity_table,
    false_alarm_table,
    gates_table,
    heatmap_table,
    history_table,
    overview_table,
    record_table,
    size_table,
    source_table,
    worst_cases,
)

__all__ = ["card_text", "read_histories", "render_metadata", "render_tables", "write_card"]

BEGIN = "<!-- generated from evaluation.json by train/card/card.py: begin -->"
END = "<!-- generated from evaluation.json by train/card/card.py: end -->"
_HEAD = ".run.json"
"""End of the file that a video model was shipped with."""
DATASETS: Mapping[str, str] = {
    "dfdc": "DFDC faces",
    "ffhq_stylegan": "FFHQ and StyleGAN 1 and 2",
    "ffpp_c23": "FaceForensics++ c23",
    "stylegan2_portraits": "portraits and StyleGAN2",
}
"""Names of the sources that hold both classes, for people."""


def write_card(weights: Path) -> None:
    """Renew the generated parts of ``weights/README.md``.

    Raises:
        ValueError: the card lacks the marks or the metadata block.
    """
    (weights / "README.md").write_text(card_text(weights), encoding="utf-8")


def card_text(weights: Path) -> str:
    """The card as it should be: its own words, with metadata and tables made anew from the files beside it."""
    card = weights / "README.md"
    text = card.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        raise ValueError(f"{card}: expected the lines {BEGIN!r} and {END!r}")
    if not text.startswith("---\n") or "\n---\n" not in text[4:]:
        raise ValueError(f"{card}: expected a block of metadata between two lines of '---' at the head")
    evaluation = json.loads((weights / "evaluation.json").read_text(encoding="utf-8"))
    before, rest = text.split(BEGIN)
    words, after = before[4:].split("\n---\n", 1)[1], rest.split(END)[1]
    tables = render_tables(evaluation, read_histories(weights, evaluation), _beside(weights))
    return f"---\n{render_metadata(evaluation)}---\n{words}{BEGIN}\n\n{tables}\n{END}{after}"


def _beside(weights: Path) -> dict[str, Any]:
    """What other commands may have measured, by name of the file without its suffix."""
    paths = [weights / f"{name}.json" for name in ("probe", "ablations", "gates", "clips")]
    found = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in paths if path.exists()}
    heads = {p.name.removesuffix(_HEAD): json.loads(p.read_text(encoding="utf-8")) for p in weights.glob(f"*{_HEAD}")}
    return found | {"heads": heads}


def read_histories(weights: Path, evaluation: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The rows that ``fit`` wrote while it trained, by model; none for a model that was shipped without them."""
    paths = {name: weights / f"{name}.history.jsonl" for name in evaluation["models"]}
    return {
        name: [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
        for name, path in paths.items()
    }


def render_metadata(evaluation: Mapping[str, Any]) -> str:
    """YAML for the Hub (its "Model Cards" page): licence, library, data sets, metrics, and the AUCs as a model index."""
    sources = sorted(
        {name for result in evaluation["models"].values() for name, row in result["by_source"].items() if "auc" in row}
    )
    lines = [
        "library_name: keras", "license: other", "license_name: research-use", "license_link: LICENSE.md",
        "pipeline_tag: image-classification", "tags:", "- deepfake-detection", "- face-forensics", "datasets:",
        *(f"- {source}" for source in sources),
        "metrics:", "- roc_auc", "model-index:",
    ]  # fmt: skip
    # The Hub's client keeps one model a card, so the models are told apart by the names of their metrics.
    lines += ["- name: photo-check", "  results:"]
    models = sorted(evaluation["models"].items(), key=lambda item: (item[0] != evaluation["default"], item[0]))
    for key, words in [("all_sources", "all sources pooled"), *((s, DATASETS.get(s, s)) for s in sources)]:
        lines += ["  - task:", "      type: image-classification", "      name: deepfake detection", "    dataset:",
                  f"      type: {key}", f"      name: {json.dumps(words)}", f"      split: {evaluation['subset']}",
                  "    metrics:"]  # fmt: skip
        for name, result in models:
            row = result["pooled"] if key == "all_sources" else result["by_source"].get(key, {})
            if "auc" in row:
                lines += ["    - type: roc_auc", f"      name: frame AUC of {name}", f"      value: {row['auc']}"]
    return "\n".join(lines) + "\n"


def render_tables(
    evaluation: Mapping[str, Any], histories: Mapping[str, list[dict[str, Any]]], beside: Mapping[str, Any]
) -> str:
    """Markdown, the worst case first.

    Args:
        evaluation: the content of ``evaluation.json``.
        histories: as read by ``read_histories``.
        beside: the contents of "probe", "ablations", "gates" and "clips", those that exist, and "heads", by name.
    """
    models, default = evaluation["models"], evaluation["default"]
    names = sorted(models, key=lambda name: (name != default, name))
    lines = [f"**Worst first: the default model, `{default}`, at its weakest.**", "", *worst_cases(models[default])]
    lines += ["", *_circumstances(evaluation), "", *overview_table(models, default), ""]
    lines += [*_paper(beside.get("ablations", [])), *_pictures()]
    probe = beside.get("probe", {})
    traces = {source: row["auc"] for source, row in probe.get("files", {}).items()}
    for name in names:
        lines += ["", f"### `{name}`", "", *_of_model(evaluation, name, traces), ""]
        lines += history_table(histories[name]) if histories[name] else ["No history of its training was kept."]
    if "clips" in beside:
        lines += ["", "### Clips", "", *clip_section(beside["clips"], beside.get("heads", {}))]
    lines += ["", "### Heatmaps", "", *_heatmaps(evaluation["heatmaps"])]
    if probe:
        pairs = ", ".join(f"{kind} {row['auc']:.3f}" for kind, row in probe["training_pairs"].items())
        lines += [
            "",
            f"A classifier that sees only file and sharpness statistics tells the training pairs apart with AUC: {pairs}.",
        ]
    if "gates" in beside:
        lines += ["", "### Quality gates", "", beside["gates"]["words"], "", *gates_table(beside["gates"]["curves"])]
    if "ablations" in beside:
        lines += ["", "### Ablations", "", *ablation_table(beside["ablations"])]
    return "\n".join(lines) + "\n"


def _paper(ablations: Sequence[Mapping[str, Any]]) -> list[str]:
    """The paper's own recipe beside ours, where it has been run."""
    for row in ablations:
        if "--recipe paper" in row["command"]:
            worst, low = min(row["dev_auc_by_source"].items(), key=lambda item: item[1])
            return [
                f"The paper's own network, trained by the paper's own recipe on the same data (`{row['command']}`): AUC "
                f"{row['dev_auc_pooled']:.3f} pooled, worst {low:.3f} on {worst}; {row['validation_auc']:.3f} on its own "
                "validation groups, where the paper reports 0.63 to 0.66 on other data.",
                "",
                "![Learning curves of the paper's recipe](figures/paper_curves.png)",
                "![Its verdicts against truth, on its test groups](figures/paper_confusion.png)",
                "",
            ]
    return []


def _circumstances(evaluation: Mapping[str, Any]) -> list[str]:
    versions = ", ".join(f"{name} {version}" for name, version in evaluation["versions"].items())
    return [
        f"Measured on {evaluation['date']} on the {evaluation['files']} files of `{evaluation['subset']}`, through "
        "`Detector.analyze`, by `python -m train evaluate`. "
        f"Machine: {evaluation['machine']}. Versions: {versions}.",
        "",
        f"Not analysed (no face found, or a face below the quality gates): {_not_analysed(evaluation['not_analysed'])}.",
        "",
        'Accuracy, precision, recall and FPR count the verdicts "some signs" and "strong signs" as flagged, everything else as '
        "not. The highest score of any analysed face speaks for a file. ECE is the calibration error over 15 bins: scores are "
        "calibrated for as many fakes as genuine faces, so it is measured with both classes weighted one half, and once more "
        "on the files as they are mixed.",
        "",
        f"Training files: {_train_sample(evaluation['train_sample'])}.",
    ]


def _train_sample(sample: Mapping[str, Any]) -> str:
    if not sample["files"]:
        return "not compared"
    also = "" if sample["without_validation_groups"] else ", some of them perhaps of the validation groups"
    return f"{sample['files']} of the same sources, labels and methods in the same shares, fixed by hash{also}"


def _pictures() -> list[str]:
    return [
        "![ROC curves by source, worst first](figures/roc.png)",
        "![Reliability](figures/reliability.png)",
        "![Verdicts against truth](figures/confusion.png)",
        "![AUC against crops seen in training](figures/training.png)",
    ]


def _of_model(evaluation: Mapping[str, Any], name: str, probe: Mapping[str, float] | None) -> list[str]:
    result = evaluation["models"][name]
    lines = [
        *source_table(result, probe),
        "",
        *record_table(result["track_record"]),
        "",
        _strong(result["strong_band"]),
    ]
    if result.get("stability"):
        lines += ["", _stability(result["stability"])]
    lines += ["", *false_alarm_table(result["by_source"])]
    if result["by_ethnicity"]:
        lines += ["", *ethnicity_table(result["by_ethnicity"])]
    lines += ["", *size_table(result["by_face_size"])]
    if result["degradation"]:
        lines += [
            "",
            "After one step more, on a sample of whole groups fixed by hash, from the sources with both classes, against",
        ]
        lines += ["the same files clean:", ""]
        lines += degradation_table(result["degradation"], evaluation["degradations"])
    return lines


def _strong(band: Mapping[str, Any]) -> str:
    if band["from"] is None:
        return 'This model has no "strong signs": its validation scores do not carry such a verdict.'
    figures = (
        f"{band['fake']} fake and {band['genuine']} genuine files above {band['from']}, likelihood ratio "
        f"{band['likelihood_ratio']:.1f}, lower end of the 95 % interval {band['likelihood_ratio_low']:.1f}"
    )
    if band["confirmed"]:
        return f'"Strong signs" is borne out by these files, on which it was not chosen: {figures} (10 and 5 are asked for).'
    return f'"Strong signs" was withdrawn, since these files do not bear it out: {figures} (10 and 5 are asked for).'


def _stability(counts: Mapping[str, Mapping[str, int]]) -> str:
    shares = [f"{counts[key]['changed']} of {counts[key]['files']} {key} files" for key in ("genuine", "fake")]
    return (
        f"The stability test (JPEG, half size, mirror, another crop) changed the verdict of {' and '.join(shares)}. All "
        "verdicts here are those after it; the tables of degradations and of face quality are without it."
    )


def _heatmaps(found: Mapping[str, Any] | None) -> list[str]:
    if found is None:
        return ["Not measured: no cache of faces with landmarks was given."]
    return [
        "Measured on pseudo-fakes with known masks, made from genuine faces of the validation groups. Ratio: share of the heat "
        "towards fake inside the altered region, over the region's share of the crop; 1 is chance, and a region that fills "
        "half of the crop cannot exceed 2. Deletion: what the logit of fake loses when the hottest tenth of the crop is "
        "replaced, against random places within the face.",
        "",
        *heatmap_table(found["models"]),
    ]


def _not_analysed(counts: Mapping[str, Mapping[str, int]]) -> str:
    parts = [f"{n} {label} of {source}" for source, labels in counts.items() for label, n in sorted(labels.items())]
    return ", ".join(parts) or "none"
