"""The page in the browser as a folder that any server of static files can hand out."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup

from detector.browser.packages import PACKAGES, files_of
from detector.browser.phrases import phrases
from detector.browser.rules import rules
from detector.browser.style import style
from detector.paths import PACKAGE
from detector.records import Manifest, Verdict
from detector.report.knowledge import known_kinds, read_evaluation
from detector.report.templates import render
from detector.version import LICENCE, VERSION
from detector.weights.store import WeightStore
from detector.words import results
from detector.words.language import ENGLISH, LANGUAGES

__all__ = ["page_files", "write_page"]

_SCRIPTS = PACKAGE / "browser"
_WORKER = "worker.js"
_IMPORTS = {"imports": {"@litertjs/wasm-utils": "./lib/wasm-utils/index.js"}}
"""Names by which the packages find each other."""
_POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval' {import_map}; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'"
)
"""Content-Security-Policy: the page may fetch its own files, and talk to nobody else."""


def page_files(store: WeightStore, model: bytes, model_name: str, packages: Path | None = None) -> dict[str, bytes]:
    """Every file of the page by its path.

    Args:
        store: weights folder; its default image model and its face detectors are used.
        model: that model as a LiteRT file, uint8 crop to logit.
        model_name: of that file.
        packages: folder with the tarballs of ``packages.PACKAGES``; default the npm registry.

    Raises:
        PackageMissing: one of them cannot be had.
        WeightsError: a file of the weights is missing or wrong.
    """
    manifest = store.manifest
    files = {f"models/{model_name}": model}
    for detector in manifest.face_detectors.values():
        files[f"models/{detector.name}"] = store.locate(detector).path.read_bytes()
    for package in PACKAGES:
        files |= files_of(package, packages)
    known = known_kinds(manifest, read_evaluation(store.folder))
    revision = store.locate(manifest.models[manifest.default_image_model].file).revision
    scripts = [path for path in _SCRIPTS.glob("*.js") if path.name != _WORKER]
    files |= {f"js/{path.name}": path.read_bytes() for path in scripts}
    files["rules.json"] = _json(rules(manifest, model_name, revision, _large(files)))
    files["words.json"] = _json(phrases(manifest, known))
    files["style.css"] = style().encode()
    files["icon.svg"] = _icon()
    files["LICENCES.txt"] = _licences(store.folder).encode()
    files["index.html"] = _index(manifest, revision, results.knowledge(known)).encode()
    files[_WORKER] = _worker(files)
    return files


def write_page(files: Mapping[str, bytes], out: Path) -> None:
    """Write the files of a page; what lies in the folder under other names stays.

    Raises:
        OSError: a file cannot be written.
    """
    for name, content in files.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _index(manifest: Manifest, revision: str, knows: str) -> str:
    spec = manifest.models[manifest.default_image_model]
    import_map = json.dumps(_IMPORTS)
    return render(
        "browser.html",
        ENGLISH,
        policy=_POLICY.format(import_map=f"'{_integrity(import_map.encode())}'"),
        import_map=Markup(import_map),  # noqa: S704 - our own
        languages=LANGUAGES.values(),
        knows=knows,
        version=VERSION,
        model=spec.name,
        revision=revision[:12],
        licence=LICENCE,
        verdicts=list(Verdict),
    ).strip()


def _large(files: Mapping[str, bytes]) -> dict[str, list[dict[str, Any]]]:
    """What is fetched with a progress that readers see: models and programs, one of these in two variants."""

    def of(*parts: str) -> list[dict[str, Any]]:
        return [
            {"path": path, "bytes": len(content), "integrity": _integrity(content)}
            for path, content in files.items()
            if path.endswith((".tflite", ".wasm")) and any(part in path for part in parts)
        ]

    return {
        "always": of("models/", "mediapipe/"),
        "relaxed_simd": of("litert_wasm_internal"),
        "plain_simd": of("litert_wasm_compat_internal"),
    }


def _worker(files: Mapping[str, bytes]) -> bytes:
    """The service worker with the integrity of every other file."""
    table = json.dumps({path: _integrity(content) for path, content in sorted(files.items())}, indent=1)
    code = (_SCRIPTS / _WORKER).read_text(encoding="utf-8")
    version = hashlib.sha256((table + code).encode()).hexdigest()[:16]
    return f'const VERSION = "{version}";\nconst FILES = {table};\n\n{code}'.encode()


def _integrity(content: bytes) -> str:
    """As in the attribute ``integrity`` of HTML and in a Content-Security-Policy."""
    return "sha256-" + base64.b64encode(hashlib.sha256(content).digest()).decode()


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _icon() -> bytes:
    """The magnifying glass of "no clear signs", as a file of its own."""
    return render("icon.svg", ENGLISH).strip().encode()


def _licences(weights: Path) -> str:
    parts = [f"{results.NAME} {VERSION}: {LICENCE}. https://www.apache.org/licenses/LICENSE-2.0"]
    parts += [f"{each.folder}: {each.name} {each.version}, Apache-2.0, unchanged. {each.address}" for each in PACKAGES]
    terms = weights / "LICENSE.md"
    if terms.is_file():
        parts.append("models:\n\n" + terms.read_text(encoding="utf-8"))
    return "\n".join(parts) + "\n"
