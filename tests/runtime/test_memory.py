"""What threads free is not kept by each for itself; what a training frees stays with it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support.running import in_new_python

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="glibc's")

_ARENAS = """
import ctypes, threading
from detector.runtime import memory

libc = ctypes.CDLL(None)
libc.fopen.restype, libc.fopen.argtypes = ctypes.c_void_p, [ctypes.c_char_p, ctypes.c_char_p]
libc.fclose.argtypes, libc.malloc_info.argtypes = [ctypes.c_void_p], [ctypes.c_int, ctypes.c_void_p]

def arenas():
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
    return arenas()

{call}
assert after_threads() {expected}, arenas()
"""


@pytest.mark.parametrize(("call", "expected"), [("", "> 2"), ("memory.limit_arenas()", "<= 2")])
def test_threads_share_two_arenas(call: str, expected: str, tmp_path: Path) -> None:
    in_new_python(
        _ARENAS.replace("{path}", str(tmp_path / "info")).replace("{call}", call).replace("{expected}", expected)
    )


_FREED = """
import numpy as np
from detector.runtime.memory import keep_freed_memory

def held():
    return int(open("/proc/self/status").read().split("VmRSS:")[1].split()[0]) >> 10

def left_of(megabytes):
    before = held()
    block = np.ones(megabytes << 20, np.uint8)
    assert held() - before > 0.9 * megabytes
    del block
    return held() - before

assert left_of(400) < 100, "as it is, glibc gives such a block back"
keep_freed_memory()
assert left_of(400) > 300
"""


def test_freed_memory_is_kept() -> None:
    in_new_python(_FREED)
