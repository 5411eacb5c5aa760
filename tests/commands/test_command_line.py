"""The command line as a whole: help, version, the short commands, and wrong ones."""

from __future__ import annotations

import argparse
import json
import resource
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from detector import __main__, __version__
from detector.__main__ import command_line, main
from detector.report.schema import json_schema
from detector.version import VERSION
from tests import ROOT
from tests.commands.running import Run, run_program


def test_help_answers_in_under_a_second_and_loads_nothing_heavy() -> None:
    def work_of_children() -> float:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    before = work_of_children()
    assert "analyze" in run_program("--help").stdout
    # Processor time, so that a busy machine does not count: it is the program that may not be slow.
    assert work_of_children() - before < 1.0
    code = (
        "import sys, detector.__main__; "
        "print(sorted({'tensorflow', 'keras', 'mediapipe', 'cv2', 'PIL', 'huggingface_hub'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"


def test_the_usage_in_the_text_of_the_module_is_that_of_the_parser() -> None:
    assert __main__.__doc__ is not None
    text = " ".join(__main__.__doc__.split())
    usages = {name: " ".join(parser.format_usage().split()) for name, parser in subcommands().items()}
    assert list(usages) == ["analyze", "scan", "models", "export", "self-check", "schema"]
    for usage in usages.values():
        assert usage.removeprefix("usage: ").replace(" [-h]", "") in text
    assert text.count("python -m detector ") == len(usages)


def subcommands() -> dict[str, argparse.ArgumentParser]:
    (action,) = (action for action in command_line()._actions if isinstance(action, argparse._SubParsersAction))
    return dict(action.choices)


@pytest.mark.parametrize("name", sorted(subcommands()))
def test_every_command_is_explained_with_an_example_that_parses(name: str) -> None:
    parser = subcommands()[name]
    assert parser.epilog is not None
    assert len(parser.format_help()) < 2500
    example = parser.epilog.removeprefix("Example: python -m detector ").split(" > ")[0]
    assert command_line().parse_args(shlex.split(example)).command == name
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0


def test_the_version_stands_in_one_place(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"detector {__version__}\n" == f"detector {VERSION}\n"


def test_the_schema_is_printed_and_is_one(run: Run) -> None:
    status, out, err = run("schema")
    assert (status, err) == (0, "")
    assert json.loads(out) == json_schema()


def test_missing_weights_are_a_sentence_not_a_trace(
    tmp_path: Path, portrait: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["analyze", str(portrait), "--json", "-", "--weights", str(tmp_path)])
    out, err = capsys.readouterr()
    assert status == 2
    assert out == ""
    assert err.startswith("error: ")
    assert "manifest.json" in err


def test_models_are_listed_with_revision_and_hash(tiny_weights: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "--weights", str(tiny_weights), "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["models"]
    assert [(row["name"], row["default"], row["revision"]) for row in listed] == [
        ("other", False, "local"),
        ("tiny", True, "local"),
    ]
    assert main(["models", "--weights", str(tiny_weights)]) == 0
    text = capsys.readouterr().out
    assert all(row["sha256"] in text and row["name"] in text and row["file"] in text for row in listed)


def test_a_model_that_is_only_on_the_hub_is_listed_with_the_pinned_commit(
    tiny_weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    values = json.loads((tiny_weights / "manifest.json").read_text())
    for hub, revision in (({"repo": "owner/name", "revision": "b" * 40}, "b" * 40), (None, None)):
        (tmp_path / "manifest.json").write_text(json.dumps({**values, "hub": hub}))
        assert main(["models", "--weights", str(tmp_path), "--json"]) == 0
        assert {row["revision"] for row in json.loads(capsys.readouterr().out)["models"]} == {revision}
        assert main(["models", "--weights", str(tmp_path)]) == 0
        assert (revision or "unknown") in capsys.readouterr().out


def test_a_wrong_command_is_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["analyze"], ["nonsense"]):
        with pytest.raises(SystemExit) as stop:
            main(arguments)
        assert stop.value.code == 2
        assert "usage" in capsys.readouterr().err
