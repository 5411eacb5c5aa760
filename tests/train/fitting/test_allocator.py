"""What a training frees stays with it."""

from __future__ import annotations

import sys

import pytest

from tests.support.running import in_new_python

_FREED = """
import numpy as np
from train.allocator import keep_freed_memory

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


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's")
def test_freed_memory_is_kept() -> None:
    in_new_python(_FREED)
