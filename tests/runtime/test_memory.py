"""What threads free is not kept by each for itself."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support.running import in_new_python

_STORES = """
import ctypes, threading
from detector import memory

libc = ctypes.CDLL(None)
libc.fopen.restype, libc.fopen.argtypes = ctypes.c_void_p, [ctypes.c_char_p, ctypes.c_char_p]
libc.fclose.argtypes, libc.malloc_info.argtypes = [ctypes.c_void_p], [ctypes.c_int, ctypes.c_void_p]

def stores():
    file = libc.fopen(b"{path}", b"w")
    assert libc.malloc_info(0, file) == 0
    libc.fclose(file)
    return open("{path}").read().count("<heap nr=")

def after_threads():
    meet = threading.Barrier(8)
    def work():
        libc.malloc.restype = ctypes.c_void_p
        assert libc.malloc(100_000)
        meet.wait()
    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    return stores()

{call}
assert after_threads() {expected}, stores()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's")
@pytest.mark.parametrize(("call", "expected"), [("", "> 2"), ("memory.few_stores()", "<= 2")])
def test_threads_share_two_stores(call: str, expected: str, tmp_path: Path) -> None:
    in_new_python(
        _STORES.replace("{path}", str(tmp_path / "info")).replace("{call}", call).replace("{expected}", expected)
    )
