"""Markdown tables of the model card, from the parts of ``evaluation.json``. Pure: dictionaries in, lines out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from detector.words.results.knowledge import KIND_NAMES

__all__ = [
    "ablation_table",
    "degradation_table",
    "ethnicity_table",
    "expert_table",
    "false_alarm_table",
    "gates_table",
    "heatmap_table",
    "history_table",
    "kind_table",
    "overview_table",
    "record_table",
    "size_table",
    "source_table",
    "worst_cases",
]

_MOST_HISTORY_ROWS = 12
Table = list[str]
_MEASURES = ("eer", "tpr_at_fpr_1", "tpr_at_fpr_5", "accuracy", "precision", "recall", "false_positive_rate")
_MEASURE_HEADS = ("EER", "TPR at 1 % FPR", "TPR at 5 % FPR", "accuracy", "precision", "recall", "FPR")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """A Markdown table, line by line."""
    return [_line(head), "|" + "---|" * len(head), *(_line(row) for row in rows)]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _number(value: float | None, digits: int = 3) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def _interval(row: Mapping[str, Any], name: str, digits: int = 3) -> str:
    return f"{row[f'{name}_low']:.{digits}f} to {row[f'{name}_high']:.{digits}f}"


def measured(row: Mapping[str, Any], name: str) -> str:
    """A figure with its 95 % interval, empty where it was not measured."""
    return f"{row[name]:.3f} ({_interval(row, name)})" if name in row else ""


def _measures(row: Mapping[str, Any]) -> list[str]:
    return [_number(row.get(key)) for key in _MEASURES]


def _with_auc(rows: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, Mapping[str, Any]]]:
    return sorted([item for item in rows.items() if "auc" in item[1]], key=lambda item: float(item[1]["auc"]))


def worst_cases(result: Mapping[str, Any]) -> Table:
    """The weakest place of one model in every respect that was measured."""
    rows: list[list[str]] = []
    for what, rated in (("source", result["by_source"]), ("method", result["by_method"])):
        if found := _with_auc(rated):
            name, row = found[0]
            rows.append([f"lowest AUC of a {what}", name, f"{row['auc']:.3f} ({_interval(row, 'auc')})"])
    alarms = [(f"genuine faces of {name}", row) for name, row in result["by_source"].items()]
    alarms += [(f"UTKFace, ethnicity label {name}", row) for name, row in result["by_ethnicity"].items()]
    alarms += [(f"faces of {_size(row)}", row) for row in result["by_face_size"]]
    alarms = [item for item in alarms if item[1].get("genuine", 0) >= 20]
    if alarms:
        name, row = max(alarms, key=lambda item: float(item[1]["false_positive_rate"]))
        rate = f"{100 * row['false_positive_rate']:.1f} % ({_percents(row)})"
        rows.append(["most genuine faces flagged", name, rate])
    if result["degradation"]:
        name, row = min(result["degradation"].items(), key=lambda item: _change(item[1]))
        loss = "too few can still be analysed" if row["auc"] is None else f"{row['change']:+.3f}, to {row['auc']:.3f}"
        rows.append(["largest loss of AUC after a step", name, loss])
    return table(["worst case", "where", "figure (95 % interval)"], rows)


def _change(row: Mapping[str, Any]) -> float:
    """A step after which nothing can be compared counts as the worst."""
    return -1.0 if row["change"] is None else float(row["change"])


def _percents(row: Mapping[str, Any]) -> str:
    return f"{100 * row['false_positive_low']:.1f} to {100 * row['false_positive_high']:.1f}"


def _size(row: Mapping[str, Any]) -> str:
    high = row["below_px"]
    return f"{row['from_px']:.0f} px and more" if high is None else f"{row['from_px']:.0f} to {high:.0f} px"


def overview_table(models: Mapping[str, Mapping[str, Any]], default: str) -> Table:
    """One row a model, the default first."""
    rows = []
    for name in sorted(models, key=lambda n: (n != default, n)):
        result = models[name]
        pooled, calibration = result["pooled"], result["calibration"]
        rows.append(
            [f"`{name}`" + (" (default)" if name == default else ""), f"{pooled['auc']:.3f} ({_interval(pooled, 'auc')})",
             _number(result["mean_of_sources"]["auc"]), *_measures(pooled), _number(calibration["ece15_balanced"]),
             _number(calibration["ece15_as_mixed"]), _number(calibration["cllr"]), _gap(result["train_gap"])]
        )  # fmt: skip
    return table(
        ["model", "pooled AUC (95 % interval)", "mean AUC of sources", *_MEASURE_HEADS, "ECE, classes one half each",
         "ECE, as mixed", "Cllr, bits", "AUC on training files minus dev, points: pooled, worst source"],
        rows,
    )  # fmt: skip


def _gap(gap: Mapping[str, Any] | None) -> str:
    if gap is None:
        return "not measured"
    worst = max(gap["by_source"].items(), key=lambda item: float(item[1]["points"]), default=None)
    return f"{gap['points']:+.1f}" + (f", {worst[1]['points']:+.1f} ({worst[0]})" if worst else "")


def source_table(result: Mapping[str, Any], probe: Mapping[str, float] | None) -> Table:
    """AUC and rates by source, then by method, worst first; beside them what file statistics alone reach."""
    rows = _with_auc(result["by_source"]) + _with_auc(result["by_method"])
    head = ["test faces (worst first)", "genuine", "fake", "AUC", "95 % interval", *_MEASURE_HEADS]
    extra = ["AUC of file and sharpness statistics alone"] if probe else []
    return table(
        [*head, *extra],
        [
            [name, str(row["genuine"]), str(row["fake"]), _number(row["auc"]), _interval(row, "auc"), *_measures(row)]
            + ([_number(probe.get(name))] if probe else [])
            for name, row in rows
        ],
    )


def kind_table(by_kind: Mapping[str, Mapping[str, Any]]) -> Table:
    """What was found of each kind of fake, the least first."""
    found = sorted(by_kind.items(), key=lambda item: float(item[1]["recall"]))
    return table(
        ["kind (least found first)", "fakes", "flagged, %", "95 % interval", "\"no clear signs\", %", "AUC", "95 % interval"],
        [
            [str(KIND_NAMES.get(kind, kind)), str(row["fake"]), f"{100 * row['recall']:.1f}",
             f"{100 * row['recall_low']:.1f} to {100 * row['recall_high']:.1f}", f"{100 * row['fakes_cleared']:.1f}",
             _number(row.get("auc")), _interval(row, "auc") if "auc" in row else ""]
            for kind, row in found
        ],
    )  # fmt: skip


def record_table(record: Sequence[Mapping[str, Any]]) -> Table:
    """The confusion matrix by verdict."""
    genuine, fake = sum(row["genuine"] for row in record), sum(row["fake"] for row in record)
    return table(
        ["verdict", "of 100 genuine faces", "of 100 fake faces"],
        [
            [
                str(row["verdict"]),
                f"{100 * row['genuine'] / max(1, genuine):.1f}",
                f"{100 * row['fake'] / max(1, fake):.1f}",
            ]
            for row in record
        ],
    )


def _alarm_row(name: str, row: Mapping[str, Any]) -> list[str]:
    return [name, str(row["genuine"]), f"{100 * row['false_positive_rate']:.1f}", _percents(row),
            f"{100 * row['genuine_undecided']:.1f}", _number(row["median_p_fake_genuine"], 2),
            _number(row["p95_p_fake_genuine"], 2)]  # fmt: skip


_ALARM_HEAD = ("number", "flagged, %", "95 % interval", "inconclusive, %", "median score", "95th percentile")


def false_alarm_table(by_source: Mapping[str, Mapping[str, Any]]) -> Table:
    """Genuine faces by source, most false alarms first."""
    found = [item for item in by_source.items() if item[1]["genuine"]]
    found.sort(key=lambda item: -float(item[1]["false_positive_rate"]))
    return table(["genuine faces of", *_ALARM_HEAD], [_alarm_row(name, row) for name, row in found])


def ethnicity_table(by_label: Mapping[str, Mapping[str, Any]]) -> Table:
    """Genuine faces by UTKFace's label; the names are those of its authors."""
    names = {"0": "0, White", "1": "1, Black", "2": "2, Asian", "3": "3, Indian", "4": "4, others"}
    found = sorted(by_label.items(), key=lambda item: -float(item[1]["false_positive_rate"]))
    return table(
        ["genuine faces, UTKFace's label", *_ALARM_HEAD],
        [_alarm_row(names.get(name, name), row) for name, row in found],
    )


def size_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Rates by the size of the face box."""
    return table(
        ["face", "genuine", "fake", "AUC", "recall", "genuine flagged, %", "95 % interval"],
        [
            [_size(row), str(row["genuine"]), str(row["fake"]), _number(row.get("auc")), _number(row.get("recall")),
             *([f"{100 * row['false_positive_rate']:.1f}", _percents(row)] if row["genuine"] else ["", ""])]
            for row in rows
        ],
    )  # fmt: skip


def degradation_table(rows: Mapping[str, Mapping[str, Any]], words: Mapping[str, str]) -> Table:
    """Change of AUC against the same files clean, largest loss first."""
    found = sorted(rows.items(), key=lambda item: _change(item[1]))
    return table(
        ["step", "files", "AUC clean", "AUC after", "change", "recall", "FPR", "no longer analysed", "worst source"],
        [
            [words[name], str(row["files"]), _number(row["auc_clean"]), _number(row["auc"]), _signed(row["change"]),
             _number(row["recall"]), _number(row["false_positive_rate"]), str(row["no_longer_analysed"]), _worst(row)]
            for name, row in found
        ],
    )  # fmt: skip


def _worst(row: Mapping[str, Any]) -> str:
    worst = min(row["by_source"].items(), key=lambda item: _change(item[1]), default=None)
    return "" if worst is None else f"{worst[0]} {_signed(worst[1]['change'])}"


def _signed(value: float | None) -> str:
    return "" if value is None else f"{value:+.3f}"


def history_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """What training noted on its way: crops seen and AUC, or whatever numbers another recipe wrote. Thinned, ends kept."""
    step = max(1, -(-len(rows) // _MOST_HISTORY_ROWS))
    kept = [row for index, row in enumerate(rows) if (len(rows) - 1 - index) % step == 0 or index == 0]
    if "crops" in rows[0] and "validation_auc" in rows[0]:
        return table(
            ["crops seen in training", "AUC on the validation groups"],
            [[str(row["crops"]), _number(row.get("validation_auc"))] for row in kept],
        )
    keys = [key for key, value in rows[0].items() if isinstance(value, int | float)]
    return table(
        [key.replace("_", " ") for key in keys],
        [[str(v) if isinstance(v := row.get(key), int) else _number(v) for key in keys] for row in kept],
    )


def heatmap_table(models: Mapping[str, Mapping[str, Any]]) -> Table:
    """Pointing and deletion by model and kind of alteration."""
    rows = []
    for name, kinds in models.items():
        for kind, row in kinds.items():
            if "ratio" in row:
                rows.append(
                    [f"`{name}`", kind, str(row["faces"]), _number(row["heat_share"], 2), _number(row["area_share"], 2),
                     f"{row['ratio']:.2f} ({_interval(row, 'ratio', 2)})", _number(row["most_possible"], 2),
                     *(_fall(row["deletion"][fill]) if "deletion" in row else "" for fill in ("blurred", "genuine"))]
                )  # fmt: skip
    return table(
        ["model", "altered", "faces", "heat inside", "area", "ratio (95 % interval)", "ratio if all heat were inside",
         "fall of the logit when the hottest tenth is blurred, against random places",
         "the same, genuine pixels put back"],
        rows,
    )  # fmt: skip


def _fall(row: Mapping[str, float]) -> str:
    return f"{row['hottest']:+.2f} against {row['random']:+.2f} (difference {_interval(row, 'difference', 2)})"


def gates_table(curves: Mapping[str, Sequence[Mapping[str, Any]]]) -> Table:
    """AUC of the default model by the qualities that the gates check."""
    return table(
        ["measured", "from", "below", "faces", "AUC", "genuine flagged, %"],
        [
            [name, _number(row["from"], 2), _number(row["below"], 2), str(row["faces"]), _number(row["auc"]),
             f"{100 * row['false_positive_rate']:.1f}"]
            for name, rows in curves.items()
            for row in rows
        ],
    )  # fmt: skip


def ablation_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """What was left out or changed, and the command that repeats it."""
    sources = sorted({source for row in rows for source in row["dev_auc_by_source"]})
    return table(
        ["what", "crops", "validation AUC", *(f"dev {source}" for source in sources), "dev pooled",
         "dev pooled, log-odds averaged with the first row", "command"],
        [
            [str(row["name"]), str(row["crops"]), _number(row["validation_auc"]),
             *(_number(row["dev_auc_by_source"].get(source)) for source in sources),
             _number(row.get("dev_auc_pooled")), _number(row.get("dev_auc_with_first")), f"`{row['command']}`"]
            for row in rows
        ],
    )  # fmt: skip


def expert_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Heads, losses and starts of the expert, each beside the first row, with what chance alone moves."""
    return table(
        ["what", "crops", "AUC on dev (95 % interval)", "against the first row", "AUC on held-out methods (95 % interval)",
         "against the first row", "worst kind: AUC", "genuine faces most flagged, at 5 % of all", "command"],
        [
            [str(row["name"]), str(row["crops"]), measured(row, "dev"), _gain(row, "dev"), measured(row, "unseen"),
             _gain(row, "unseen"), _worst_of(row["worst_kind"], "auc"), _worst_of(row["worst_domain"], "flagged"),
             f"`{row['command']}`"]
            for row in rows
        ],
    )  # fmt: skip


def _gain(row: Mapping[str, Any], name: str) -> str:
    if f"{name}_gain" not in row:
        return ""
    return f"{row[f'{name}_gain']:+.3f} ({row[f'{name}_gain_low']:+.3f} to {row[f'{name}_gain_high']:+.3f})"


def _worst_of(found: Mapping[str, Any] | None, figure: str) -> str:
    if found is None:
        return ""
    value = f"{100 * found[figure]:.0f} %" if figure == "flagged" else f"{found[figure]:.3f}"
    return f"{found['name']}: {value}"
