"""The environment that other programs left, made one in which an analysis works: proxies, certificates, settings of Keras.

Only variables of this process and its children are changed, before the libraries that read them are imported.
"""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import MutableMapping

__all__ = ["missing_library", "prepare"]

_PROXIES = ("ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY")
_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_OWN_HOSTS = ("localhost", "127.0.0.1", "::1")
_LIBRARY = re.compile(r"(lib[\w.+-]+\.so[\w.]*): cannot open shared object file")
_PACKAGES = {
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libGLESv2.so.2": "libgles2",
    "libgthread-2.0.so.0": "libglib2.0-0",
}
"""Packages of Debian and Ubuntu by the library that is in them."""


def prepare(variables: MutableMapping[str, str] = os.environ) -> list[str]:
    """Set right what would keep the libraries from starting.

    Args:
        variables: of the environment; changed in place.

    Returns:
        A sentence for each variable that was wrong, with the cure; none where all is well.
    """
    found = []
    for name in _CERTIFICATES:
        place = variables.get(name)
        if place is not None and not os.path.exists(place):
            del variables[name]
            found.append(f"{name} names a file that does not exist, so it was left out; unset it or correct the path.")
    for name in [spelled for each in _PROXIES for spelled in (each, each.lower())]:
        if variables.get(name, "").lower().startswith("socks") and importlib.util.find_spec("socksio") is None:
            del variables[name]
            found.append(f'{name} names a SOCKS proxy, which was left out; to use it: pip install "httpx[socks]".')
    if any(variables.get(spelled) for each in _PROXIES for spelled in (each, each.lower())):
        # What this computer asks itself is for no proxy.
        given = variables.get("NO_PROXY") or variables.get("no_proxy") or ""
        hosts = [host.strip() for host in given.split(",") if host.strip()]
        value = ",".join(dict.fromkeys([*hosts, *_OWN_HOSTS]))
        variables["NO_PROXY"] = variables["no_proxy"] = value
    if variables.get("KERAS_BACKEND", "tensorflow") != "tensorflow":
        found.append("KERAS_BACKEND asks for another engine than TensorFlow, which is used all the same; unset it.")
    variables["KERAS_BACKEND"] = "tensorflow"
    # Where nothing can be read or written: the user's keras.json may ask for channels first or for half precision.
    variables["KERAS_HOME"] = os.path.join(os.devnull, "keras")
    return found


def missing_library(error: ImportError) -> str:
    """The sentence for a system library that is not installed; empty where the error is another one."""
    found = _LIBRARY.search(str(error))
    if found is None:
        return ""
    library = found.group(1)
    package = _PACKAGES.get(library)
    cure = f"on Debian or Ubuntu: apt-get install {package}" if package else "install the package that holds it"
    return f"The system library {library} is missing; {cure}."
