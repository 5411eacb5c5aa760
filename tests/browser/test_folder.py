"""What the folder holds: rules and words from where they are made, a policy that lets nothing out, a table of every file."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from detector.browser.reasons import reasons
from detector.records import Obstacle, Verdict
from detector.version import VERSION
from detector.weights.manifest import load_manifest
from detector.words.language import LANGUAGES
from tests.conftest import SHIPPED

pytestmark = pytest.mark.needs_weights

Files = Mapping[str, bytes]


def sha256(content: bytes) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(content).digest()).decode()


def texts(built: Files, code: str = "en") -> dict[str, Any]:
    return dict(json.loads(built["words.json"])[code])


def all_scripts(built: Files) -> str:
    return "\n".join(content.decode() for name, content in built.items() if name.startswith("js/"))


def test_the_rules_are_those_of_the_manifest(built: Files) -> None:
    rules, manifest = json.loads(built["rules.json"]), load_manifest(SHIPPED)
    spec = manifest.models[manifest.default_image_model]
    model = rules["model"]
    assert model["name"] == spec.name and model["sha256"] == spec.file.sha256
    assert model["calibration"] == {"scale": spec.calibration.scale, "offset": spec.calibration.offset}
    assert model["bands"]["some_signs_from"] == spec.bands.some_signs_from
    assert model["crop"]["margin"] == spec.crop.margin and model["crop"]["size"] == spec.crop.size
    assert rules["gates"]["min_size_px"] == manifest.gates.min_size_px
    assert rules["program"]["version"] == VERSION


def test_every_rule_that_a_script_names_is_there(built: Files) -> None:
    """Constants are capitals in the scripts as in the source; a renamed one would be undefined, and compare as false."""
    rules = json.loads(built["rules.json"])
    known = {name for part in (rules, *rules.values()) if isinstance(part, dict) for name in part}
    code = re.sub(r"//.*", "", all_scripts(built))
    used = set(re.findall(r"(?:[rR]ules|direction|stability)\.([A-Z][A-Z_]+)\b", code))
    for parts in re.findall(r"\{ ?([A-Z][A-Z_, ]+?) ?\}", code):
        used |= set(parts.replace(" ", "").split(","))
    assert len(used) > 25
    assert used <= known


def test_every_text_that_a_script_or_the_page_names_is_there_in_every_language(built: Files) -> None:
    code, page = all_scripts(built), built["index.html"].decode()
    named = set(re.findall(r'\b(?:text|sentence|fold|tell|Refused)\("([\w.]+)"', code))
    named |= set(re.findall(r'key: "([\w.]+)"', code)) | set(re.findall(r'data-say="([\w.]+)"', page))
    named |= {"state.ready", "state.ready_online", "refused.failed", "refused.not_loaded"}
    named |= {f"{kind}.{verdict}" for kind in ("headline", "means", "means_not") for verdict in Verdict}
    named |= {f"gate.{obstacle}" for obstacle in Obstacle}
    lists = set(re.findall(r'list\("([\w.]+)"', code)) | set(re.findall(r'data-list="([\w.]+)"', page))
    lists |= {f"{kind}.{verdict}" for kind in ("next", "rates") for verdict in Verdict}
    assert len(named) > 60 and len(lists) > 10
    for code in LANGUAGES:
        spoken = texts(built, code)
        assert named <= set(spoken["texts"]), code
        assert lists <= set(spoken["lists"]), code


def test_the_languages_say_the_same_things_in_their_own_words(built: Files) -> None:
    words = json.loads(built["words.json"])
    assert list(words) == list(LANGUAGES)
    english = words["en"]["texts"]
    for code, say in LANGUAGES.items():
        spoken = words[code]["texts"]
        assert spoken.keys() == english.keys()
        if code != "en":
            same = [key for key in english if english[key] == spoken[key]]
            assert len(same) < len(english) / 8, same
        for key, sentence in reasons():
            if sentence.plural_template is None:
                assert spoken[key] == say.template(sentence)
            else:
                counted = [spoken[key][words[code]["plural"][count]] for count in (0, 1, 2, 5)]
                assert counted == [say.template(sentence, count) for count in (0, 1, 2, 5)]


def test_names_of_reasons_are_given_once() -> None:
    names = [name for name, _ in reasons()]
    assert len(names) == len(set(names))


def test_the_policy_lets_nothing_out_and_allows_the_one_script_in_the_page(built: Files) -> None:
    page = built["index.html"].decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    import_map = re.search(r'<script type="importmap">(.*?)</script>', page)
    assert policy is not None and import_map is not None
    rules = dict(part.strip().split(" ", 1) for part in policy[1].replace("&#39;", "'").split(";"))
    assert rules["default-src"] == "'none'" and rules["connect-src"] == "'self'"
    assert rules["form-action"] == rules["base-uri"] == "'none'"
    assert sha256(import_map[1].encode()) in rules["script-src"] and "unsafe-inline" not in policy[1]
    assert set(json.loads(import_map[1])["imports"].values()) <= {f"./{name}" for name in built}
    assert page.count("<script") == 2 and "style=" not in page and "http" not in page.replace("http-equiv", "")


def test_the_service_worker_knows_every_other_file_by_its_hash(built: Files) -> None:
    worker = built["worker.js"].decode()
    table = re.search(r"const FILES = (\{.*?\});", worker, re.DOTALL)
    assert table is not None
    assert json.loads(table[1]) == {name: sha256(content) for name, content in built.items() if name != "worker.js"}


def test_large_files_are_listed_with_size_and_hash(built: Files) -> None:
    large = json.loads(built["rules.json"])["large_files"]
    listed = [file for part in large.values() for file in part]
    assert {file["path"] for file in listed} == {name for name in built if name.endswith((".tflite", ".wasm"))}
    for file in listed:
        assert (file["bytes"], file["integrity"]) == (len(built[file["path"]]), sha256(built[file["path"]]))


def test_the_style_asks_the_browser_for_the_dark(built: Files) -> None:
    style = built["style.css"].decode()
    assert not re.search(r"^\.dark ", style, re.MULTILINE)
    assert re.search(r"@media \(prefers-color-scheme: dark\) \{ \.fc-strong_signs \{ --fc-hue: #\w+; \} \}", style)


@pytest.mark.parametrize("name", ["index.html", "style.css", "icon.svg", "rules.json"])
def test_what_is_written_is_the_same_every_time(built: Files, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from detector.browser import folder
    from detector.weights.store import WeightStore
    from tests.browser.conftest import stand_ins

    monkeypatch.setattr(folder, "files_of", stand_ins)
    assert folder.page_files(WeightStore(SHIPPED), b"a model", "model.tflite")[name] == built[name]
