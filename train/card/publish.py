"""Put the shipped weights on the Hugging Face Hub: card, terms, manifest, measurements and pictures with them.

A dry run unless asked: nothing leaves the machine, and no token is read. What would be published is checked first, since a
commit on the Hub is what users pin: every file has the hash of the manifest, the evaluation is of these files, and the card
says what was measured.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from detector.errors import WeightsError
from detector.records import HubPin
from detector.weights.schema import COMMIT, REPO
from detector.weights.store import WeightStore, update_manifest
from train.card.card import card_text

__all__ = ["NotPublishable", "PublishedFile", "check_revision", "collect", "pin", "upload"]

_ALWAYS = ("README.md", "LICENSE.md", "manifest.json", "evaluation.json")
_WHERE_THEY_EXIST = ("gates.json", "probe.json", "ablations.json", "clips.json")
_OF_A_MODEL = ("history.jsonl", "run.json")
"""What the card is made from and is kept for each model, after its name."""
_MEASURED = (
    ("evaluation.json", "python -m train evaluate", ("image",)),
    ("clips.json", "python -m train clips evaluate --record --out weights/clips.json", ("image", "video")),
)
"""A file of measurements, the command that makes it, and the kinds of models it is of."""


class NotPublishable(ValueError):
    """The folder is not in order; the sentence says what is wrong and which command mends it."""


@dataclass(frozen=True)
class PublishedFile:
    """One file as it will be in the repository."""

    name: str
    """Path in the repository, with forward slashes."""
    path: Path
    bytes: int
    sha256: str


def collect(weights: Path) -> list[PublishedFile]:
    """Everything that belongs to a release, by name; nothing else in the folder is ever published.

    Args:
        weights: folder with the manifest.

    Raises:
        NotPublishable: a file is missing or altered, or card, evaluation and manifest do not belong together.
    """
    try:
        store = WeightStore(weights)
        # Only what lies in this folder is published, so nothing may come from the Hub.
        store.pin = None
        files = [store.locate(spec.file).path for spec in store.manifest.models.values()]
        files += [store.locate(file).path for file in store.manifest.face_detectors.values()]
    except WeightsError as error:
        raise NotPublishable(str(error)) from error
    for name in _ALWAYS:
        if not (weights / name).is_file():
            raise NotPublishable(f"{weights / name} does not exist; run `python -m train evaluate`, or restore it.")
    models = store.manifest.models.values()
    for name, command, kinds in _MEASURED:
        if not (weights / name).is_file():
            continue
        measured = json.loads((weights / name).read_text(encoding="utf-8"))["weights"]
        if measured != {spec.name: spec.file.sha256 for spec in models if spec.kind in kinds}:
            raise NotPublishable(f"{weights / name} is of other weights; run `{command}`.")
    if (weights / "README.md").read_text(encoding="utf-8") != card_text(weights):
        raise NotPublishable(f"{weights}/README.md does not show what was measured; run `python -m train card`.")
    files += [weights / name for name in (*_ALWAYS, *_WHERE_THEY_EXIST) if (weights / name).is_file()]
    of_models = (weights / f"{name}.{kept}" for name in store.manifest.models for kept in _OF_A_MODEL)
    files += [path for path in of_models if path.is_file()]
    files += sorted((weights / "figures").glob("*.png"))
    return sorted((_describe(weights, path) for path in files), key=lambda file: file.name)


def _describe(weights: Path, path: Path) -> PublishedFile:
    content = path.read_bytes()
    name = path.relative_to(weights).as_posix()
    return PublishedFile(name, path, len(content), hashlib.sha256(content).hexdigest())


def upload(files: list[PublishedFile], repo: str, token: str, endpoint: str | None = None) -> str:
    """Make the repository where needed and commit the files to it, all in one commit.

    Args:
        files: as collected.
        repo: "owner/name".
        token: with the right to write there.
        endpoint: of the Hub; default as ``huggingface_hub`` has it.

    Returns:
        The commit to pin, 40 hexadecimal digits.

    Raises:
        NotPublishable: ``repo`` is not a repository's name, the Hub refuses, or it answers with no commit.
    """
    _check_names(repo)
    from huggingface_hub import CommitOperationAdd, HfApi
    from huggingface_hub.errors import HfHubHTTPError

    api = HfApi(endpoint=endpoint, token=token)
    try:
        api.create_repo(repo, repo_type="model", exist_ok=True)
        commit = api.create_commit(
            repo,
            [CommitOperationAdd(path_in_repo=file.name, path_or_fileobj=file.path) for file in files],
            commit_message="Weights, manifest, evaluation and model card",
        )
    except HfHubHTTPError as error:
        raise NotPublishable(
            f"the Hub refused to take the files (HTTP {error.response.status_code}); check that HF_TOKEN may write to {repo} "
            "and try again: nothing is visible there before the commit."
        ) from error
    if not re.fullmatch(COMMIT, commit.oid):
        raise NotPublishable(
            f"the Hub answered with {commit.oid!r}, which is no commit; check {repo} on the Hub before you pin anything."
        )
    return commit.oid


def check_revision(weights: Path, repo: str, revision: str) -> None:
    """Fetch every file that the manifest names from a revision on the Hub and compare it with the manifest.

    Args:
        weights: folder with the manifest.
        repo: "owner/name".
        revision: commit, 40 hexadecimal digits.

    Raises:
        NotPublishable: a name is not well formed, or the revision lacks a file or holds another.
    """
    with tempfile.TemporaryDirectory(prefix="pin-") as folder:
        # The folder holds the manifest alone, so that every file has to come from the Hub.
        shutil.copyfile(weights / "manifest.json", Path(folder) / "manifest.json")
        pin(Path(folder), repo, revision)
        try:
            store = WeightStore(Path(folder), cache_dir=Path(folder) / "cache")
            store.pin = HubPin(repo, revision)
            for spec in store.manifest.models.values():
                store.locate(spec.file)
            for file in store.manifest.face_detectors.values():
                store.locate(file)
        except WeightsError as error:
            raise NotPublishable(f"{repo} at {revision} was not pinned: {error}") from error


def pin(weights: Path, repo: str, revision: str) -> None:
    """Write repository and revision into ``weights/manifest.json``, where the detector finds them.

    Raises:
        NotPublishable: a name is not well formed.
    """
    _check_names(repo, revision)
    update_manifest(weights, hub=HubPin(repo, revision))


def _check_names(repo: str, revision: str | None = None) -> None:
    if not re.fullmatch(REPO, repo):
        raise NotPublishable(f"{repo!r} does not name a repository; give it as OWNER/NAME.")
    if revision is not None and not re.fullmatch(COMMIT, revision):
        raise NotPublishable(
            f"{revision!r} is not a commit; give its 40 hexadecimal digits, since a branch can change under its users."
        )
