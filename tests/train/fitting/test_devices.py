"""A device is chosen by what the machine has; one that is not there is named in the refusal."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="training extras are not installed (requirements-train.txt)")

import torch

from train.fitting.devices import choose_device, mixed_precision


@pytest.mark.parametrize(
    ("cuda", "mps", "chosen"),
    [(True, False, "cuda"), (False, True, "mps"), (True, True, "cuda"), (False, False, "cpu")],
)
def test_auto_takes_the_fastest_there_is(monkeypatch: pytest.MonkeyPatch, cuda: bool, mps: bool, chosen: str) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert choose_device("auto").type == chosen
    assert choose_device("cpu").type == "cpu"


def test_a_missing_device_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match=r"--device cuda: .* only .*cpu"):
        choose_device("cuda")


@pytest.mark.parametrize("fast", [True, False])
def test_half_precision_only_where_the_processor_has_it(monkeypatch: pytest.MonkeyPatch, fast: bool) -> None:
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: fast)
    with mixed_precision(torch.device("cpu")):
        assert torch.is_autocast_enabled("cpu") is fast
