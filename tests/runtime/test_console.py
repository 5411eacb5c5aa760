"""Noise of libraries is held back, words for the user are not, and a failure shows everything."""

from __future__ import annotations

import os
import sys

import pytest

from detector.runtime.console import native_noise_hidden


def test_hides_the_descriptor_but_not_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    with native_noise_hidden():
        os.write(2, b"noise\n")
        print("a word", file=sys.stderr)
    os.write(2, b"after\n")
    assert capfd.readouterr().err.splitlines() == ["a word", "after"]


def test_a_failure_shows_what_was_held_back(capfd: pytest.CaptureFixture[str]) -> None:
    def load() -> None:
        with native_noise_hidden():
            os.write(2, b"the cause\n")
            raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        load()
    assert "the cause" in capfd.readouterr().err
