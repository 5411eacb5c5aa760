"""An image model, or the trunk of a video model, as a file for other programs: LiteRT or ONNX, in three precisions.

Every file takes one (1, S, S, 3) uint8 RGB crop, as ``faces.crop_face`` cuts it, and scales it itself. An image model gives the
logit of P(real), (1, 1) float32, before calibration; a trunk the mean feature map of the crop, (1, channels) float32.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from detector.models import litert
from detector.runtime.litert import open_interpreter

__all__ = ["ExportFormat", "Precision", "export", "exportable", "runner"]

Run = Callable[[np.ndarray], np.ndarray]
"""(N, S, S, 3) uint8 RGB crops -> (N,) logits, or (N, channels) features, float32."""


class ExportFormat(StrEnum):
    """What the file is read by."""

    LITERT = "litert"
    """LiteRT and TensorFlow Lite, on phones, in browsers and on processors."""
    ONNX = "onnx"
    """ONNX Runtime, OpenVINO, TensorRT and others. Writing it takes the package tf2onnx, running it onnxruntime."""

    @property
    def suffix(self) -> str:
        """Ending of the file's name."""
        return ".tflite" if self is ExportFormat.LITERT else ".onnx"


class Precision(StrEnum):
    """Of the weights; in ``INT8`` of what is computed as well."""

    FLOAT32 = "float32"
    FLOAT16 = "float16"
    INT8 = "int8"
    """The ranges of what is computed are measured on crops (Jacob et al., CVPR 2018)."""


def exportable(model: keras.Model) -> keras.Model:
    """The part of a model that can be exported: crops to the logit, or of a video model crops to features.

    Args:
        model: made by ``networks.load``.
    """
    trunk: keras.Model | None = next((layer.layer for layer in model.layers if layer.name == "frames"), None)
    return keras.Model(model.input, model.get_layer("logit").output) if trunk is None else trunk


def export(
    model: keras.Model, form: ExportFormat, precision: Precision = Precision.FLOAT32, crops: np.ndarray | None = None
) -> bytes:
    """The content of the file.

    Args:
        model: as ``exportable`` gives it.
        form: of the file.
        precision: of weights and arithmetic.
        crops: (N, S, S, 3) uint8 RGB, of faces like those that will be scored; only ``INT8`` needs them, and it is the better
            the more they differ.

    Raises:
        ValueError: ``INT8`` without crops.
        ImportError: the format needs a package that is not installed.
    """
    if precision is Precision.INT8 and (crops is None or not len(crops)):
        raise ValueError("export: int8 needs crops of faces, to measure the ranges of what is computed")
    one_by_one = [crops[i : i + 1] for i in range(len(crops))] if crops is not None else []
    write = _litert if form is ExportFormat.LITERT else _onnx
    return write(model, precision, one_by_one)


def runner(content: bytes, form: ExportFormat) -> Run:
    """Runs an exported file, crop by crop, on one thread.

    Raises:
        ImportError: the format needs a package that is not installed.
    """
    one = _litert_runner(content) if form is ExportFormat.LITERT else _onnx_runner(content)

    def run(crops: np.ndarray) -> np.ndarray:
        outputs = np.concatenate([one(crops[i : i + 1]) for i in range(len(crops))])
        return outputs[:, 0] if outputs.shape[1] == 1 else outputs

    return run


# LiteRT -----------------------------------------------------------------------------------------------------------------


def _litert(model: keras.Model, precision: Precision, crops: list[np.ndarray]) -> bytes:
    converter = litert.converter(model, int(model.input_shape[1]))
    if precision is not Precision.FLOAT32:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if precision is Precision.FLOAT16:
        converter.target_spec.supported_types = [tf.float16]
    if precision is Precision.INT8:
        converter.representative_dataset = lambda: ([crop] for crop in crops)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8, tf.lite.OpsSet.TFLITE_BUILTINS]
    content: bytes = converter.convert()
    return content


def _litert_runner(content: bytes) -> Run:
    interpreter = open_interpreter(content)
    (given,), (wanted,) = interpreter.get_input_details(), interpreter.get_output_details()

    def run(crop: np.ndarray) -> np.ndarray:
        interpreter.set_tensor(given["index"], crop)
        interpreter.invoke()
        output: np.ndarray = interpreter.get_tensor(wanted["index"])
        return output

    return run


# ONNX -------------------------------------------------------------------------------------------------------------------


def _onnx(model: keras.Model, precision: Precision, crops: list[np.ndarray]) -> bytes:
    size = int(model.input_shape[1])
    model(np.zeros((1, size, size, 3), np.uint8))  # Keras exports only what was called once
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        model.export(str(path), format="onnx", verbose=False, input_signature=[_signature(size)])
        if precision is Precision.FLOAT16:
            _halve(path)
        if precision is Precision.INT8:
            path = _quantised(path, crops)
        return path.read_bytes()


def _signature(size: int) -> keras.InputSpec:
    return keras.InputSpec(shape=(1, size, size, 3), dtype="uint8", name="crop")


def _halve(path: Path) -> None:
    import onnx
    from onnxruntime.transformers.float16 import convert_float_to_float16

    onnx.save(convert_float_to_float16(onnx.load(path), keep_io_types=True), path)


def _quantised(path: Path, crops: list[np.ndarray]) -> Path:
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self._left: Iterator[np.ndarray] = iter(crops)

        def get_next(self) -> dict[str, np.ndarray] | None:
            crop = next(self._left, None)
            return None if crop is None else {"crop": crop}

    ready, quantised = path.with_name("ready.onnx"), path.with_name("int8.onnx")
    quant_pre_process(path, ready)
    quantize_static(ready, quantised, Reader(), quant_format=QuantFormat.QDQ, per_channel=True)
    return quantised


def _onnx_runner(content: bytes) -> Run:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session: Any = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    (given,) = session.get_inputs()

    def run(crop: np.ndarray) -> np.ndarray:
        output: np.ndarray = session.run(None, {given.name: crop})[0]
        return output

    return run
