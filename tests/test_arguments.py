"""Values on the command line: what an option cannot mean ends the program with a sentence and exit status 2."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import app
from detector.arguments import host_name, number, positive_number, sub_path, whole_number


@pytest.mark.parametrize(
    ("parse", "taken", "refused"),
    [
        (whole_number(1), {"1": 1, "30": 30}, ("0", "-1", "1.5", "x", "")),
        (whole_number(1, 65535), {"65535": 65535}, ("0", "65536")),
        (number(0, 1), {"0": 0.0, "0.65": 0.65, "1": 1.0}, ("-0.1", "1.1", "nan", "inf", "x")),
        (number(0), {"0": 0.0, "6e2": 600.0}, ("-1", "inf")),
        (positive_number, {"0.5": 0.5}, ("0", "-1", "nan", "x")),
        (
            host_name,
            {name: name for name in ("check.example.org", "*.example.org", "10.0.0.7", "[::1]", "my_host")},
            ("https://example.org", "example.org:80", "example.org/x", "", "a b"),
        ),
        (
            sub_path,
            {"/photo-check": "/photo-check", "/a/b/": "/a/b"},
            ("photo-check", "/", "//", "https://example.org/a", "/a b", "/a?b", ""),
        ),
    ],
)
def test_what_is_meant_is_taken_and_the_rest_refused(
    parse: Callable[[str], Any], taken: dict[str, Any], refused: tuple[str, ...]
) -> None:
    assert {text: parse(text) for text in taken} == taken
    for text in refused:
        with pytest.raises(argparse.ArgumentTypeError, match="expected a"):
            parse(text)


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--per-minute", "0", "expected a whole number of at least 1, got '0'"),
        ("--port", "99999", "expected a whole number from 1 to 65535, got '99999'"),
        ("--quota-mb", "-5", "expected a whole number of at least 1, got '-5'"),
        ("--allow-host", "https://example.org", "without scheme, port or path"),
        ("--lang", "xx", "invalid choice: 'xx'"),
    ],
)
def test_the_page_refuses_values_that_it_cannot_use(
    option: str, value: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        app.main([f"{option}={value}"])
    assert ended.value.code == 2
    shown = capsys.readouterr().err
    assert f"argument {option}: " in shown and sentence in shown
    assert "Traceback" not in shown


def test_a_folder_for_feedback_that_cannot_be_made_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert app.main(["--feedback", str(tmp_path / "file")]) == 1
    assert "name another folder for feedback" in capsys.readouterr().err
