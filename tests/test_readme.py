"""What the README and the documents promise: a Space that starts, commands that exist, snippets that run, generated figures."""

from __future__ import annotations

import contextlib
import io
import json
import re
import runpy
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import SpaceCard
from packaging.requirements import Requirement
from packaging.version import Version

import app
from detector.web.gallery import read_examples
from detector.words.language import LANGUAGES
from tests import ROOT
from tests.bench import readme as sections
from tests.bench.install import app_command
from tests.support import fakes

README = (ROOT / "README.md").read_text(encoding="utf-8")
OPERATING = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]

DOCUMENTED = {
    "title", "emoji", "colorFrom", "colorTo", "sdk", "python_version", "sdk_version", "suggested_hardware", "suggested_storage",
    "app_file", "app_port", "base_path", "fullWidth", "header", "short_description", "models", "datasets", "tags", "thumbnail",
    "pinned", "license", "hf_oauth", "hf_oauth_scopes", "hf_oauth_expiration_minutes", "disable_embedding",
    "startup_duration_timeout", "custom_headers", "preload_from_hub",
}  # fmt: skip
"""https://huggingface.co/docs/hub/spaces-config-reference, and ``license`` of every card."""
COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}

MODULES = {"photo-check": "detector", "app.py": "app"}
"""Programs that are not named as modules, and the module that each runs."""
OTHERS = {"pip", "pytest", "ruff", "mypy", "pre-commit", "torchrun"}
"""Programs of the environment that are not ours."""


# The head for Spaces, and what is installed --------------------------------------------------------------------------


def space() -> dict[str, object]:
    """The front matter as the Hub's own library reads it; it raises on what it cannot read."""
    values: dict[str, object] = SpaceCard(README, ignore_metadata_errors=False).data.to_dict()  # type: ignore[no-untyped-call]
    return values


def test_the_front_matter_has_only_fields_of_a_space() -> None:
    found = space()
    assert set(found) <= DOCUMENTED, set(found) - DOCUMENTED
    assert set(found) >= {"title", "emoji", "colorFrom", "colorTo", "sdk", "sdk_version", "python_version", "app_file"}
    assert found["sdk"] == "gradio"
    assert {found["colorFrom"], found["colorTo"]} <= COLOURS
    assert len(str(found["short_description"])) <= 60
    emoji = str(found["emoji"])
    assert len(emoji) <= 2 and all(ord(letter) > 0x2000 for letter in emoji)
    assert (ROOT / str(found["app_file"])).is_file()
    assert not isinstance(found["python_version"], float), "3.10 would be read as 3.1"


def test_the_space_and_the_image_get_versions_that_the_requirements_allow() -> None:
    found = space()
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    wanted = {each.name: each for each in (Requirement(line) for line in lines if line and not line.startswith("#"))}
    assert Version(str(found["sdk_version"])) in wanted["gradio"].specifier
    assert str(found["python_version"]) == f"{sys.version_info.major}.{sys.version_info.minor}", "the tests' own Python"
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert f"FROM python:{found['python_version']}-slim" in dockerfile


def test_the_image_gets_every_file_that_its_steps_copy_and_serves_the_port_it_exposes() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    sources = [source for line in re.findall(r"^COPY (.+)$", dockerfile, re.MULTILINE) for source in line.split()[:-1]]
    let_in = set(re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(sources) == let_in
    assert all((ROOT / source).exists() for source in sources)
    port = re.search(r"^EXPOSE (\d+)$", dockerfile, re.MULTILINE)
    assert port is not None
    assert f'"--port", "{port[1]}"' in dockerfile and f"127.0.0.1:{port[1]}/" in dockerfile
    assert re.search(r"^USER (?!root)\w+$", dockerfile, re.MULTILINE)


def test_packages_are_names_of_debian_packages() -> None:
    for line in (ROOT / "packages.txt").read_text(encoding="utf-8").splitlines():
        assert re.fullmatch(r"[a-z0-9][a-z0-9+.-]+", line), line


# Commands ------------------------------------------------------------------------------------------------------------


def commands() -> Iterator[str]:
    """Every single command in a block of shell text of any document."""
    for path in DOCUMENTS:
        for block in re.findall(r"```bash\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL):
            for line in block.splitlines():
                yield from (part.strip() for part in line.split(" && "))


def test_every_command_of_the_documents_exists_with_its_options(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    helped: dict[tuple[str, ...], str] = {}
    tried = 0
    for command in commands():
        words = shlex.split(command, comments=True)
        program = Path(words[0]).name
        if program.startswith("python") and words[1:2] == ["-m"]:
            module, rest = words[2], words[3:]
        elif program.startswith("python"):
            module, rest = MODULES[words[1]], words[2:]
        elif program in MODULES:
            module, rest = MODULES[program], words[1:]
        else:
            assert program in OTHERS | {"docker"} or (ROOT / words[0]).is_file(), command
            continue
        if module in {"venv", "pytest"}:
            continue
        # A first word that is no option and no file is a subcommand.
        depth = 2 if rest[:1] == ["clips"] else 1
        chosen = tuple(rest[:depth]) if rest and re.fullmatch(r"[a-z][a-z-]*", rest[0]) else ()
        if (module, *chosen) not in helped:
            monkeypatch.setattr(sys, "argv", [module, *chosen, "--help"])
            # Run anew, even where another test has imported it.
            name = f"{module}.__main__" if (ROOT / module.replace(".", "/")).is_dir() else module
            monkeypatch.delitem(sys.modules, name, raising=False)
            with pytest.raises(SystemExit) as ended:
                runpy.run_module(module, run_name="__main__", alter_sys=False)
            assert ended.value.code == 0, command
            helped[module, *chosen] = capsys.readouterr().out
        offered = set(re.findall(r"--[a-z0-9-]+", helped[module, *chosen]))
        assert {word for word in rest if word.startswith("--")} <= offered, command
        tried += 1
    assert tried > 20, "the documents have more commands than were found"


def test_the_page_is_started_as_the_readme_says_and_tested_as_ci_does() -> None:
    install, start = app_command(README).rsplit(" && ", 1)
    assert install.startswith("python3 -m venv .venv && ") and start.split() == [
        ".venv/bin/python",
        space()["app_file"],
    ]
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    found = re.search(r"^command=\$\(awk '(.*)' README\.md\)$", script, re.MULTILINE)
    assert found is not None
    read = subprocess.run(["awk", found[1], "README.md"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "requirements-dev.txt" in read and read.strip().endswith("-m pytest")
    assert ".ci/run" in (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")


def test_every_option_of_the_page_is_in_the_table_and_the_other_way_round(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        app.main(["--help"])
    helped = capsys.readouterr().out
    offered = set(re.findall(r"^  (--[a-z-]+)", helped, re.MULTILINE))
    table = OPERATING.split("| option of `app.py` |")[1].split("\n\n")[0]
    assert offered == set(re.findall(r"^\| `(--[a-z-]+)", table, re.MULTILINE))
    for code in LANGUAGES:
        assert f"`{code}`" in table or f"--lang {code}`" in table
    assert "Gradio's servers" in " ".join(helped.split()), "--share sends photos through them"


def test_a_language_that_is_not_there_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        app.main(["--lang", "xx"])
    assert "invalid choice: 'xx'" in capsys.readouterr().err


def test_mcp_without_its_package_names_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert app.main(["--mcp"]) == 1
    assert 'pip install "gradio[mcp]"' in capsys.readouterr().err


# Snippets ------------------------------------------------------------------------------------------------------------


def snippet(text: str, mark: str) -> str:
    """The Python block after a mark."""
    found = re.search(rf"<!-- {mark} -->\n```python\n(.*?)```", text, re.DOTALL)
    assert found is not None, mark
    return found[1]


def run_snippet(code: str, folder: Path, **variables: str) -> str:
    """Its output, run in a folder."""
    out = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out):
        patch.chdir(folder)
        for name, value in variables.items():
            patch.setenv(name, value)
        exec(compile(code, "snippet", "exec"), {"__name__": "__main__"})
    return out.getvalue()


def test_the_python_snippet_runs(tmp_path: Path, tiny_weights: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(read_examples()[0].path.read_bytes())
    code = snippet(README, "python")
    out = run_snippet(code, tmp_path, DETECTOR_WEIGHTS_DIR=str(tiny_weights))
    assert re.match(r"(no_clear_signs|inconclusive|some_signs|strong_signs) 0\.\d+ \S", out), out


def test_the_client_snippet_runs(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(fakes.jpeg(fakes.group_photo()))
    with fakes.serve(fakes.FakeDetector(), tmp_path / "uploads") as blocks:
        code = snippet(OPERATING, "client")
        here = code.replace("http://127.0.0.1:7860", str(blocks.local_url))
        assert here != code
        out = run_snippet(here, tmp_path)
    assert "strong_signs 0.83 Face 2 of 3 decides" in out


# Figures, links, paths -----------------------------------------------------------------------------------------------


def test_the_readmes_figures_are_those_of_the_files_that_scripts_wrote(tmp_path: Path) -> None:
    renewed = tmp_path / "README.md"
    renewed.write_text(README, encoding="utf-8")
    sections.renew(renewed)
    assert renewed.read_text(encoding="utf-8") == README, "run: python -m tests.bench.readme"


def test_the_readme_has_no_other_figures() -> None:
    by_hand = re.sub(r"<!-- generated from.*?: begin -->.*?: end -->", "", README, flags=re.DOTALL)
    by_hand = re.sub(r"\A---\n.*?\n---\n|```.*?```|`[^`]*`", "", by_hand, flags=re.DOTALL)
    assert re.findall(r"\d[\d.,]*\s*(?:%|s\b|ms\b|sec|min|hour|MB|GB)|\b0\.\d+", by_hand) == []


def test_the_section_on_measurements_begins_with_the_worst() -> None:
    evaluation = json.loads(sections.EVALUATION.read_text(encoding="utf-8"))
    rows = re.findall(r"^\| (.+?) \| \d+ \| (\d+) \| 0\.\d\d \|$", sections.measured(evaluation), re.MULTILINE)
    shares = [int(share) for _, share in rows]
    assert shares == sorted(shares)
    model = evaluation["models"][evaluation["default"]]
    assert len(rows) == len(model["by_kind"])


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.stem))
def test_links_lead_somewhere_and_no_path_is_that_of_one_machine(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert target.startswith("https://") or (path.parent / target).exists(), target
    assert re.findall(r"(?<![\w.])/(?:work|root|home|Users|tmp)/\S+", text) == []


def test_issue_templates_ask_for_the_report_and_for_no_pictures() -> None:
    folder = ROOT / ".github" / "ISSUE_TEMPLATE"
    for name in ("bug.yml", "wrong_result.yml"):
        text = (folder / name).read_text(encoding="utf-8")
        assert "JSON report" in text and "attach no photos or videos of people" in text
