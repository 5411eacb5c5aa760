"""Variables that other programs left behind are set right, and named."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from detector.runtime.environment import missing_library, prepare


def test_a_clean_environment_is_well() -> None:
    variables = {"PATH": "/bin"}
    assert prepare(variables) == []
    assert variables["KERAS_BACKEND"] == "tensorflow"
    assert not os.path.exists(variables["KERAS_HOME"])
    assert "NO_PROXY" not in variables


def test_a_proxy_is_not_asked_for_this_computer() -> None:
    variables = {"HTTP_PROXY": "http://proxy:8080", "NO_PROXY": "intranet, localhost"}
    assert prepare(variables) == []
    assert variables["HTTP_PROXY"] == "http://proxy:8080"
    assert variables["NO_PROXY"].split(",") == ["intranet", "localhost", "127.0.0.1", "::1"]
    assert variables["no_proxy"] == variables["NO_PROXY"]


def test_a_socks_proxy_that_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    variables = {"all_proxy": "socks5://127.0.0.1:9050"}
    (sentence,) = prepare(variables)
    assert "all_proxy" not in variables
    assert sentence.startswith("all_proxy names a SOCKS proxy") and "pip install" in sentence


def test_certificates_that_are_not_there_are_left_out(tmp_path: Path) -> None:
    there = tmp_path / "ca.pem"
    there.touch()
    variables = {"SSL_CERT_FILE": "/nowhere/ca.pem", "REQUESTS_CA_BUNDLE": str(there)}
    (sentence,) = prepare(variables)
    assert variables.keys() & {"SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"} == {"REQUESTS_CA_BUNDLE"}
    assert sentence.startswith("SSL_CERT_FILE names a file that does not exist")


def test_another_engine_of_keras_is_named_and_not_used() -> None:
    variables = {"KERAS_BACKEND": "jax", "KERAS_HOME": "/home/somebody/.keras"}
    (sentence,) = prepare(variables)
    assert variables["KERAS_BACKEND"] == "tensorflow"
    assert variables["KERAS_HOME"] != "/home/somebody/.keras"
    assert sentence.endswith("unset it.")


def test_any_values_give_sentences_and_an_environment_that_is_well() -> None:
    dice = random.Random(11)
    names = ("HTTP_PROXY", "https_proxy", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "CURL_CA_BUNDLE", "KERAS_BACKEND")
    values = (
        "",
        " ",
        "socks5h://x",
        "http://",
        "//",
        "jax",
        ",,,",
        "\u00e4",
        "/dev/null",
        "a" * 5000,
        "=",
        "localhost",
    )
    for _ in range(500):
        variables = {name: dice.choice(values) for name in names if dice.random() < 0.6}
        assert all(sentence.endswith(".") for sentence in prepare(variables))
        assert prepare(variables) == []


def test_a_missing_system_library_is_named_with_its_package() -> None:
    error = ImportError("libGL.so.1: cannot open shared object file: No such file or directory")
    assert (
        missing_library(error)
        == "The system library libGL.so.1 is missing; on Debian or Ubuntu: apt-get install libgl1."
    )
    assert "install the package" in missing_library(ImportError("libfoo.so.3: cannot open shared object file: No such"))
    assert missing_library(ImportError("No module named 'cv3'")) == ""
