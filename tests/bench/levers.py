"""Other ways to run the same networks, each beside the shipped one: how many times faster, and how far the scores move.

    python -m tests.bench.levers [MODEL ...] [--crops 8] [--rounds 5] [--only NAME ...]

Rounds of A B B A in one process, A being what is shipped (``models.inference.Network``). Ratios are of medians, of CPU time
and of wall time: below 1 the other way is slower; on a loaded machine only the first means something. The libraries are listed
in requirements-bench.txt; a way whose library is not installed is left out and named.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from detector.models.inference import Network
from detector.models.networks import build, load
from detector.weights.store import WeightStore
from tests.bench.compare import alternate, ratio, too_busy

__all__ = ["folded", "main"]

Way = Callable[[], np.ndarray]


def main(arguments: list[str] | None = None) -> int:
    """Measure and print a table; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.levers", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("models", nargs="*", help="image models of the manifest (default: the default one)")
    parser.add_argument("--crops", type=int, default=8, help="at once (default 8)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="+", choices=sorted(WAYS), help="some of the ways")
    options = parser.parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if busy := too_busy():
        print(busy, file=sys.stderr)
    store = WeightStore()
    print(
        "| model, crops | lever | CPU ratio (95 %) | wall ratio (95 %) | largest change of P(real) |\n|---|---|---|---|---|"
    )
    for name in options.models or [store.manifest.default_image_model]:
        spec = store.manifest.models[name]
        model = load(spec.architecture, spec.crop.size, store.locate(spec.file).path)
        crops = _crops(options.crops, spec.crop.size)
        network = Network(model)
        shipped = partial(network.logits, crops)
        for words in options.only or WAYS:
            try:
                other = WAYS[words](model, crops)
            except ImportError as error:
                print(f"| {name}, {len(crops)} | {words} | not installed: {error.name} | | |", flush=True)
                continue
            apart = float(np.abs(_sigmoid(shipped()) - _sigmoid(other())).max())
            mine, its = alternate(shipped, other, options.rounds)
            cells = [
                "{:.2f} ({:.2f} to {:.2f})".format(*ratio(a, b))
                for a, b in ((mine.cpu, its.cpu), (mine.wall, its.wall))
            ]
            print(f"| {name}, {len(crops)} | {words} | {cells[0]} | {cells[1]} | {apart:.1e} |", flush=True)
    return 0


def folded(model: keras.Model) -> keras.Model:
    """Crops to logit, with every batch normalisation worked into the convolution before it."""
    made: dict[int, Any] = {id(model.inputs[0]): model.inputs[0]}
    before: dict[int, tuple[Any, Any]] = {}
    for layer in model.layers:
        if isinstance(layer, layers.InputLayer):
            continue
        taken = layer._inbound_nodes[0].input_tensors
        if isinstance(layer, layers.Conv2D | layers.DepthwiseConv2D) and layer.activation is keras.activations.linear:
            before[id(layer.output)] = (layer, made[id(taken[0])])
            continue
        if isinstance(layer, layers.BatchNormalization) and id(taken[0]) in before:
            conv, given = before.pop(id(taken[0]))
            made[id(layer.output)] = _with_norm(conv, layer, given)
            continue
        copy = type(layer).from_config(layer.get_config())
        given = [made[id(tensor)] for tensor in taken]
        made[id(layer.output)] = copy(given if len(given) > 1 else given[0])
        copy.set_weights(layer.get_weights())
        if layer.name == "logit":
            break
    return keras.Model(model.inputs[0], made[id(model.get_layer("logit").output)])


def _with_norm(conv: Any, norm: Any, given: Any) -> Any:
    copy = type(conv).from_config(conv.get_config() | {"use_bias": True})
    out = copy(given)
    gamma, beta, mean, variance = (np.float64(w) for w in norm.get_weights())
    scale = gamma / np.sqrt(variance + norm.epsilon)
    kernel, *bias = (np.float64(w) for w in conv.get_weights())
    kernel = kernel * (scale[:, np.newaxis] if isinstance(conv, layers.DepthwiseConv2D) else scale)
    copy.set_weights([kernel, beta + ((bias[0] if bias else 0.0) - mean) * scale])
    return out


def _to_logit(model: keras.Model) -> keras.Model:
    return keras.Model(model.input, model.get_layer("logit").output)


def _compiled(model: keras.Model, crops: np.ndarray, *, fixed: bool = True, xla: bool = False) -> Way:
    signature = tf.TensorSpec((len(crops) if fixed else None, *crops.shape[1:]), tf.uint8)
    run = tf.function(lambda x: model(x, training=False), input_signature=[signature], jit_compile=xla)
    return lambda: np.asarray(run(crops))[:, 0]


def _frozen(model: keras.Model, crops: np.ndarray) -> Way:
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    run = tf.function(
        lambda x: model(x, training=False), input_signature=[tf.TensorSpec((None, *crops.shape[1:]), tf.uint8)]
    )
    constant = convert_variables_to_constants_v2(run.get_concrete_function())
    return lambda: np.asarray(constant(tf.constant(crops))[0])[:, 0]


def _bfloat16(model: keras.Model, crops: np.ndarray) -> Way:
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        half = build(model.name, crops.shape[1])
    finally:
        keras.config.set_dtype_policy("float32")
    half.set_weights(model.get_weights())
    return _compiled(_to_logit(half), crops)


def _flat_file(model: keras.Model, crops: np.ndarray) -> bytes:
    """The model of all crops at once in LiteRT's format."""
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    logit = _to_logit(model)
    run = tf.function(lambda x: logit(x, training=False), input_signature=[tf.TensorSpec(crops.shape, tf.uint8)])
    constant = convert_variables_to_constants_v2(run.get_concrete_function())
    content: bytes = tf.lite.TFLiteConverter.from_concrete_functions([constant]).convert()
    return content


def _litert(model: keras.Model, crops: np.ndarray) -> Way:
    # XNNPACK is its default on processors.
    interpreter = tf.lite.Interpreter(model_content=_flat_file(model, crops), num_threads=os.cpu_count())
    interpreter.allocate_tensors()
    into, out = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]

    def run_it() -> np.ndarray:
        interpreter.set_tensor(into, crops)
        interpreter.invoke()
        return np.asarray(interpreter.get_tensor(out))[:, 0]

    return run_it


def _openvino(model: keras.Model, crops: np.ndarray) -> Way:
    import openvino

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.tflite"
        path.write_bytes(_flat_file(model, crops))
        # Float32 throughout: on some processors it would calculate in bfloat16.
        compiled = openvino.compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return lambda: np.asarray(compiled(crops)[0])[:, 0]


def _torch(model: keras.Model, crops: np.ndarray) -> Way:
    import torch

    from train.fitting.engine import KerasGraph

    graph, given = KerasGraph(model).eval(), torch.from_numpy(crops)

    def run_it() -> np.ndarray:
        with torch.inference_mode():
            return np.asarray(graph(given))

    return run_it


def _onnx(model: keras.Model, crops: np.ndarray) -> Way:
    import onnxruntime
    import torch

    from train.fitting.engine import KerasGraph

    file = io.BytesIO()
    given = (torch.from_numpy(crops),)
    torch.onnx.export(
        KerasGraph(model).eval(), given, file, input_names=["crops"], output_names=["logit"], dynamo=False
    )
    settings = onnxruntime.SessionOptions()
    # Its threads would go on polling for work while the shipped way has its turn, which would seem the slower for it.
    settings.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(file.getvalue(), settings, providers=["CPUExecutionProvider"])
    return lambda: np.asarray(session.run(None, {"crops": crops})[0])


WAYS: Mapping[str, Callable[[keras.Model, np.ndarray], Way]] = {
    "compiled": lambda model, crops: _compiled(_to_logit(model), crops, fixed=False),
    "compiled, fixed shape": lambda model, crops: _compiled(_to_logit(model), crops),
    "constants": lambda model, crops: _frozen(_to_logit(model), crops),
    "norms folded": lambda model, crops: _compiled(folded(model), crops, fixed=False),
    "norms folded, constants": lambda model, crops: _frozen(folded(model), crops),
    "xla": lambda model, crops: _compiled(_to_logit(model), crops, xla=True),
    "bfloat16": _bfloat16,
    "litert, the batch at once": _litert,
    "onnxruntime": _onnx,
    "openvino": _openvino,
    "pytorch": _torch,
}
"""By name: how to make one of a model and the crops that it will be asked about."""


def _crops(count: int, size: int) -> np.ndarray:
    """Smooth random pictures: noise would lie far outside of what the networks know."""
    coarse = np.random.default_rng(0).integers(0, 256, (count, 14, 14, 3)).astype(np.float32)
    fine = np.asarray(tf.image.resize(coarse, (size, size), "bicubic"))
    crops: np.ndarray = np.clip(fine, 0, 255).astype(np.uint8)
    return crops


def _sigmoid(logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-logits.astype(np.float64)))


if __name__ == "__main__":
    sys.exit(main())
