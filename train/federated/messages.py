"""Between Keras models and Flower's messages."""

from __future__ import annotations

import keras
import numpy as np
from flwr.app import Array, ArrayRecord, ConfigRecord, MetricRecord, RecordDict

from train.federated.sent import COUNT, Sent, SentArray

__all__ = ["arrays_in", "arrays_of", "asked_for", "count_in", "put_into", "reply_of", "sent_in", "settings_in"]

_ARRAYS, _METRICS, _CONFIG = "arrays", "metrics", "config"
"""Keys that Flower's ``FedAvg`` expects."""


def arrays_of(model: keras.Model) -> ArrayRecord:
    """The weights, float32, in the model's order: each name begins with its place in it."""
    return ArrayRecord(
        {f"{place:03d} {weight.path}": Array(np.asarray(weight)) for place, weight in enumerate(model.weights)}
    )


def put_into(model: keras.Model, arrays: ArrayRecord) -> None:
    """Give a model the weights that were sent.

    Raises:
        ValueError: they belong to another network.
    """
    wanted = {name: array.shape for name, array in arrays_of(model).items()}
    if {name: array.shape for name, array in arrays.items()} != wanted:
        raise ValueError("The weights that were sent are not those of this network; use one version at all places.")
    model.set_weights([arrays[name].numpy() for name in sorted(wanted)])


def asked_for(arrays: ArrayRecord, settings: ConfigRecord) -> RecordDict:
    """What the server sends."""
    return RecordDict({_ARRAYS: arrays, _CONFIG: settings})


def reply_of(model: keras.Model, faces: int) -> RecordDict:
    """What a client answers: its weights and the number of its faces."""
    return RecordDict({_ARRAYS: arrays_of(model), _METRICS: MetricRecord({COUNT: faces})})


def arrays_in(content: RecordDict) -> ArrayRecord:
    """The weights of a question or an answer."""
    return content.array_records[_ARRAYS]


def settings_in(content: RecordDict) -> ConfigRecord:
    """The settings of a question."""
    return content.config_records[_CONFIG]


def count_in(content: RecordDict) -> int:
    """The number of faces of an answer."""
    return int(str(content.metric_records[_METRICS][COUNT]))


def sent_in(content: RecordDict) -> Sent:
    """Everything in a message, whatever its keys."""
    arrays = {
        _name(key, name, _ARRAYS): SentArray(tuple(array.shape), array.dtype, len(array.data))
        for key, record in content.array_records.items()
        for name, array in record.items()
    }
    numbers = {
        _name(key, name, _METRICS): value
        for key, record in content.metric_records.items()
        for name, value in record.items()
    }
    settings: dict[str, object] = {
        _name(key, name, _CONFIG): value
        for key, record in content.config_records.items()
        for name, value in record.items()
    }
    # A record of a kind that Flower does not have today would be none of the three.
    known = {*content.array_records, *content.metric_records, *content.config_records}
    return Sent(arrays, numbers, settings | {name: type(content[name]).__name__ for name in {*content} - known})


def _name(record: str, name: str, usual: str) -> str:
    """What lies in another record than the usual one must not hide behind a name of that one."""
    return name if record == usual else f"{record}/{name}"
