"""The model card's section on clips, from ``clips.json`` and the records of trained heads. Pure: dictionaries in, lines out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from train.card.tables import Table, measured, table

__all__ = ["clip_section"]


def clip_section(clips: Mapping[str, Any], runs: Mapping[str, Mapping[str, Any]]) -> Table:
    """Markdown.

    Args:
        clips: the content of ``clips.json``, written by ``python -m train clips evaluate``.
        runs: the contents of ``NAME.run.json`` by name of the video model.
    """
    scored = sum(bool(row["scores"]) for row in clips["clips"])
    versions = ", ".join(f"{name} {version}" for name, version in clips["versions"].items())
    lines = [
        f"Measured on {clips['date']} on the {len(clips['clips'])} clips of `{clips['subset']}` ({scored} of them could be "
        "scored), through `Detector.analyze`, by `python -m train clips evaluate`. They show few people, so the intervals are "
        f"wide. About clips decides: the {_kind(clips['decides'], runs)}. Machine: {clips['machine']}. Versions: {versions}.",
        "",
        *_auc_table(clips, runs),
        "",
        *_by_method(clips, runs),
        "",
        *_verdicts(clips),
    ]
    for name, run in sorted(runs.items()):
        lines += ["", *_head(name, run)]
    return lines


def _kind(name: str, runs: Mapping[str, Any]) -> str:
    return f"recurrent head of `{name}`" if name in runs else f"mean of the frames' log-odds by `{name}`"


def _auc_table(clips: Mapping[str, Any], runs: Mapping[str, Any]) -> Table:
    rows = []
    for name, result in sorted(clips["models"].items(), key=lambda item: item[1]["sources_with_fakes"].get("auc", 0.0)):
        cells = [_kind(name, runs)]
        for part in ("sources_with_fakes", "pooled"):
            row = result[part]
            cells += [f"{row['genuine']} and {row['fake']}", measured(row, "auc")]
        rows.append(cells)
    return table(
        ["score of a clip (worst first)", "genuine and fake, sources with both", "AUC (95 % interval)",
         "genuine and fake, all", "AUC (95 % interval)"],
        rows,
    )  # fmt: skip


def _by_method(clips: Mapping[str, Any], runs: Mapping[str, Any]) -> Table:
    methods = sorted({method for result in clips["models"].values() for method in result["by_method"]})
    rows = [
        [_kind(name, runs), *(measured(result["by_method"].get(method, {}), "auc") for method in methods)]
        for name, result in sorted(clips["models"].items())
    ]
    return table(["AUC against all genuine clips", *methods], rows)


def _verdicts(clips: Mapping[str, Any]) -> Table:
    rows = [[name, str(counts["genuine"]), str(counts["fake"])] for name, counts in clips["verdicts"].items()]
    return table(["verdict on the clip", "genuine clips", "fake clips"], rows)


def _head(name: str, run: Mapping[str, Any]) -> Table:
    """Whether order in time bought anything, on training clips that each head had not seen."""
    rows = []
    for words, key in (("sources with both classes", "sources_with_fakes"), ("all training clips", "all")):
        entry = run["cross_validation"][key]
        numbers = f"{entry['genuine']} and {entry['fake']}"
        rows.append([words, numbers, measured(entry["head"], "auc"), measured(entry["mean"], "auc")])
    better = run["cross_validation"]["sources_with_fakes"]
    verdict = (
        "The recurrent head is ahead there."
        if better["head"]["auc"] > better["mean"]["auc"]
        else "The recurrent head does not beat the plain mean there, so it does not decide: its score is shown beside."
    )
    return [
        f"`{name}`: trained by leaving out one group of fakes and a share of the other people at a time; every score below is "
        f"of a head that had not seen the person. {verdict}",
        "",
        *table(["clips", "genuine and fake", "recurrent head, AUC", "mean of frames of the same trunk, AUC"], rows),
    ]
