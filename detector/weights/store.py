"""Where weights come from: the local folder, the local Hub cache, the Hub. Nothing else is ever loaded.

A file is searched for in this order, and the first place that has it decides:

1. an explicit path given by the caller;
2. the local folder (argument, else ``DETECTOR_WEIGHTS_DIR``, else the one that came with the package: ``weights/`` beside
   it in a checkout);
3. the local cache of ``huggingface_hub`` at the pinned commit, without any network;
4. the Hub at the pinned commit (``hub`` in the manifest, or ``DETECTOR_WEIGHTS_REPO`` / ``DETECTOR_WEIGHTS_REVISION``).

Size and SHA-256 are compared with the manifest on every call, before anyone opens the file: one flipped byte in an
HDF5 file loads silently otherwise. A wrong file that the user put in place (1, 2) is an error and never skipped, since
going on would score with other weights than those asked for. A wrong file in the Hub cache (3) is nobody's choice: it
is fetched again, once. What the network broke is ``WeightsUnreachable``; what is there but wrong is ``WeightsCorrupt``.

``huggingface_hub`` retries an unreachable Hub for 23 s and a dripping one for ever. So the Hub is asked once, without
retries, whether it has the file as the manifest names it (``answer_s``, or ``DETECTOR_HUB_TIMEOUT`` seconds), and the
download that follows may take that long again plus the time it needs at ``SLOWEST_RATE``. Both run in a daemon thread
that is left behind when its time is up. The module is imported only when place 3 is reached.
"""

from __future__ import annotations

import dataclasses
import hashlib
import logging
import math
import os
import re
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from detector.errors import ManifestInvalid, WeightsCorrupt, WeightsError, WeightsNotFound, WeightsUnreachable
from detector.records import HubPin, WeightFile
from detector.weights.manifest import load_manifest, update_manifest, weights_folder
from detector.weights.schema import COMMIT, REPO, SHA256

if TYPE_CHECKING:
    from huggingface_hub import HfFileMetadata

__all__ = ["LocatedWeights", "WeightStore", "load_manifest", "update_manifest"]

ANSWER_S = 20.0
"""Seconds within which the Hub must answer."""
SLOWEST_RATE = 100_000
"""Bytes per second below which a download is given up."""

_logger = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True)
class LocatedWeights:
    """A file that was compared with the manifest just now."""

    path: Path
    revision: str
    """"local" for an explicit path or the local folder, else the Hub commit, 40 hexadecimal digits."""


class WeightStore:
    """Finds the files that a manifest names, in the order of the module's text.

    Args:
        folder: local weights folder with the manifest; default as in the module's text.
        cache_dir: the Hub cache; default that of ``huggingface_hub`` (``HF_HOME`` and ``HF_HUB_CACHE`` move it).
        answer_s: seconds within which the Hub must answer; default ``DETECTOR_HUB_TIMEOUT``, else ``ANSWER_S``.

    Raises:
        ManifestInvalid: the manifest, or what the environment puts in place of its ``hub``, is invalid.
        WeightsError: ``DETECTOR_HUB_TIMEOUT`` is not a number of seconds.
    """

    def __init__(
        self, folder: Path | None = None, *, cache_dir: Path | None = None, answer_s: float | None = None
    ) -> None:
        self.folder = weights_folder(folder)
        self.manifest = load_manifest(self.folder)
        self.pin = _pin_from_environment(self.manifest.hub)
        self._cache_dir = cache_dir
        self._answer_s = _answer_from_environment() if answer_s is None else answer_s

    def locate(self, file: WeightFile, explicit: Path | None = None) -> LocatedWeights:
        """The path of a file that is, byte for byte, the one in the manifest.

        Args:
            file: name, size and SHA-256 as in the manifest.
            explicit: a path that wins over every other place; its own name does not matter.

        Raises:
            WeightsCorrupt: a file was found or fetched, but its size or SHA-256 is wrong, or the Hub announces another.
            WeightsNotFound: no place has it (the Hub's 404 for repository, commit or file included).
            WeightsUnreachable: no local copy, and the Hub did not answer, refused, or broke off.
        """
        if explicit is not None:
            if not os.path.lexists(explicit):
                raise WeightsNotFound(f"{explicit} does not exist; give the path of {file.name}, or no path at all.")
            _verify(explicit, file, "Give another path, or no path at all.")
            return LocatedWeights(Path(explicit), "local")
        local = self.folder / file.name
        if os.path.lexists(local):
            _verify(local, file, "Restore it, or delete it so that the file is looked for on the Hub.")
            return LocatedWeights(local, "local")
        if self.pin is None:
            raise WeightsNotFound(
                f"{file.name} is not in {self.folder}, and the manifest names no Hub repository to fetch it from; "
                "restore the file, or set DETECTOR_WEIGHTS_REPO and DETECTOR_WEIGHTS_REVISION."
            )
        return LocatedWeights(
            _from_hub(file, self.pin, self.folder, self._cache_dir, self._answer_s), self.pin.revision
        )


def _pin_from_environment(pin: HubPin | None) -> HubPin | None:
    """The manifest's pin, each half replaced by its environment variable where that is set."""
    names = {"repo": "DETECTOR_WEIGHTS_REPO", "revision": "DETECTOR_WEIGHTS_REVISION"}
    given = {key: os.environ[name] for key, name in names.items() if os.environ.get(name)}
    if not given:
        return pin
    merged = {**(dataclasses.asdict(pin) if pin else {}), **given}
    if len(merged) < len(names):
        raise ManifestInvalid(
            f"{' and '.join(names.values())} must both be set, since the manifest names no Hub repository; "
            "set the other one, or unset both."
        )
    for key, pattern, wanted in (
        ("repo", REPO, '"owner/name"'),
        ("revision", COMMIT, "a commit of 40 lower-case hexadecimal digits, since a branch can change under its users"),
    ):
        if not re.fullmatch(pattern, merged[key]):
            raise ManifestInvalid(f"{names[key]} is {merged[key]!r}, but must be {wanted}; correct or unset it.")
    return HubPin(**merged)


def _answer_from_environment() -> float:
    text = os.environ.get("DETECTOR_HUB_TIMEOUT") or str(ANSWER_S)
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise WeightsError(
            f"DETECTOR_HUB_TIMEOUT is {text!r}, but must be a number of seconds above 0; correct or unset it."
        )
    return seconds


def _verify(path: Path, file: WeightFile, cure: str) -> None:
    """Compare size, then SHA-256, with the manifest.

    Raises:
        WeightsCorrupt: they differ, or there is something that cannot be read as a file.
    """
    try:
        with open(path, "rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            pointer = size != file.bytes and stream.read(32).startswith(b"version https://git-lfs")
            found = hashlib.file_digest(stream, "sha256").hexdigest() if size == file.bytes else None
    except OSError as error:
        raise WeightsCorrupt(f"{path} cannot be read ({error.strerror}). {cure}") from error
    if pointer:
        raise WeightsCorrupt(f"{path} is a Git LFS pointer, not the weights themselves. Run `git lfs pull`.")
    if found is None:
        raise WeightsCorrupt(
            f"{path} has {size} bytes, but the manifest says {file.bytes}: it is cut or another file. {cure}"
        )
    if found != file.sha256:
        raise WeightsCorrupt(f"{path} has SHA-256 {found}, but the manifest says {file.sha256}: it was altered. {cure}")


# The Hub --------------------------------------------------------------------------------------------------------------


def _from_hub(file: WeightFile, pin: HubPin, folder: Path, cache_dir: Path | None, answer_s: float) -> Path:
    """The file from the Hub cache, else from the Hub at the pinned commit; verified."""
    # 0.3 s that a start with local weights does not pay.
    import huggingface_hub
    from huggingface_hub.errors import HTTPError  # type: ignore[attr-defined]  # what the client's own HTTP library raises

    found = huggingface_hub.try_to_load_from_cache(pin.repo, file.name, cache_dir=cache_dir, revision=pin.revision)
    cached = Path(found) if isinstance(found, str) else None
    damage: WeightsCorrupt | None = None
    if cached is not None:
        try:
            _verify(cached, file, "Connect to the network so that it is fetched again.")
            return cached
        except WeightsCorrupt as error:
            damage = error
            _logger.warning("%s It is fetched once more.", error)

    endpoint = os.environ.get("HF_ENDPOINT") or None  # read now: the client reads it once, when first imported
    url = huggingface_hub.hf_hub_url(pin.repo, file.name, revision=pin.revision, endpoint=endpoint)
    try:
        offer = _within(
            answer_s, lambda: huggingface_hub.get_hf_file_metadata(url, timeout=answer_s, endpoint=endpoint)
        )
        _check_offer(offer, url, file, pin, folder)
        if cached is not None:
            _discard(cached)  # `force_download` does not replace it where the cache has no symbolic links
        fetched = Path(
            _within(
                answer_s + file.bytes / SLOWEST_RATE,
                lambda: huggingface_hub.hf_hub_download(
                    pin.repo, file.name, revision=pin.revision, endpoint=endpoint, cache_dir=cache_dir
                ),
            )
        )
    except (HTTPError, OSError, RuntimeError) as error:  # RuntimeError: failures inside the client's `hf_xet`
        cure = f"put {file.name} into {folder}"
        if damage is not None:
            raise WeightsCorrupt(f"{damage} This failed: {_hub_failure(error, file, pin, cure)}") from error
        raise _hub_failure(error, file, pin, cure) from error
    try:
        _verify(fetched, file, "It was altered on its way; try again, and suspect a proxy if that repeats itself.")
    except WeightsCorrupt:
        _discard(fetched)
        raise
    return fetched


def _check_offer(offer: HfFileMetadata, url: str, file: WeightFile, pin: HubPin, folder: Path) -> None:
    """Compare what the Hub announces with the manifest, before anything is downloaded.

    Raises:
        WeightsUnreachable: the answer lacks the pinned commit, as that of a login page does.
        WeightsCorrupt: another size or SHA-256.
    """
    if offer.commit_hash != pin.revision:
        raise WeightsUnreachable(
            f"{file.name} could not be fetched: what answered at {url} is not a Hub, or not the pinned commit; "
            f"check HF_ENDPOINT and the network's login page or proxy, or put {file.name} into {folder}."
        )
    other_size = offer.size is not None and offer.size != file.bytes
    other_hash = re.fullmatch(SHA256, offer.etag or "") is not None and offer.etag != file.sha256
    if other_size or other_hash:
        raise WeightsCorrupt(
            f"{pin.repo} at {pin.revision} offers {file.name} with {offer.size} bytes and SHA-256 {offer.etag}, "
            f"but the manifest says {file.bytes} bytes and {file.sha256}; nothing was downloaded. Use the revision "
            "and the manifest of one release."
        )


def _within(seconds: float, work: Callable[[], T]) -> T:
    """The result of ``work``, or its exception, or ``TimeoutError`` when it takes longer.

    The client sleeps between its retries and cannot be interrupted, so it runs in a daemon thread: what is late may
    still end in the cache and serve the next call, and never keeps the process alive.
    """
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - handed to the caller's thread, as an executor does
            future.set_exception(error)

    threading.Thread(target=run, name="weights-from-hub", daemon=True).start()
    try:
        return future.result(timeout=seconds)
    except TimeoutError as error:
        if future.done():
            raise
        raise TimeoutError(f"no result within {seconds:.3g} s") from error


def _discard(cached: Path) -> None:
    """Delete a wrong file from the Hub cache: the link of the snapshot and the blob behind it."""
    blob = cached.resolve()
    cached.unlink(missing_ok=True)
    blob.unlink(missing_ok=True)


def _hub_failure(error: Exception, file: WeightFile, pin: HubPin, cure: str) -> WeightsError:
    """What the Hub client's exception means to the user."""
    from huggingface_hub import errors as hub

    if isinstance(error, hub.LocalEntryNotFoundError) and isinstance(error.__cause__, Exception):
        return _hub_failure(error.__cause__, file, pin, cure)  # the client's "not cached either"; its cause tells why
    at = f"{file.name} could not be fetched from {pin.repo} at {pin.revision}"
    if isinstance(error, hub.OfflineModeIsEnabled):
        return WeightsUnreachable(f"{at}, since HF_HUB_OFFLINE is set; unset it, or {cure}.")
    if isinstance(error, hub.RevisionNotFoundError):
        return WeightsNotFound(f"{at}: the repository has no such commit; correct the revision, or {cure}.")
    if isinstance(error, hub.RemoteEntryNotFoundError):
        return WeightsNotFound(f"{at}: that commit has no such file; correct the revision, or {cure}.")
    if isinstance(error, hub.GatedRepoError):
        return WeightsUnreachable(
            f"{at}: access must be asked for on the repository's page; ask, set HF_TOKEN to your token, or {cure}."
        )
    if isinstance(error, hub.RepositoryNotFoundError):
        return WeightsNotFound(
            f"{at}: no such repository, or a private one; correct its name, set HF_TOKEN to a token that may "
            f"read it, or {cure}."
        )
    if isinstance(error, hub.HfHubHTTPError):
        status = error.response.status_code
        if status in (401, 403):
            return WeightsUnreachable(f"{at}: the Hub refused access (HTTP {status}); check HF_TOKEN, or {cure}.")
        if status == 404:
            return WeightsNotFound(
                f"{at}: not found (HTTP 404); check HF_ENDPOINT, repository and revision, or {cure}."
            )
        if status == 429:
            wait = error.response.headers.get("Retry-After")
            when = f"in {wait} seconds" if wait and wait.isdigit() else "in a few minutes"
            return WeightsUnreachable(f"{at}: too many requests (HTTP 429); try again {when}, or {cure}.")
        return WeightsUnreachable(f"{at}: the Hub is out of order (HTTP {status}); try again later, or {cure}.")
    if isinstance(error, TimeoutError):
        return WeightsUnreachable(f"{at} in time ({error}); check the network, set DETECTOR_HUB_TIMEOUT, or {cure}.")
    if isinstance(error, OSError) and error.errno is not None:
        return WeightsError(
            f"{at}: the Hub cache cannot be written ({error.strerror}); make room, move it with HF_HOME, or {cure}."
        )
    if isinstance(error, OSError) and "Consistency check failed" in str(error):
        return WeightsCorrupt(f"{at}: the file arrived truncated; try again, or {cure}.")
    return WeightsUnreachable(f"{at}: the connection failed ({error}); check the network, or {cure}.")
