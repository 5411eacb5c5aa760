"""The client: trains the weights that it is sent on its own faces and answers with weights and a count."""

from __future__ import annotations

from contextlib import closing
from functools import partial
from pathlib import Path

import keras
import torch
from flwr.app import ConfigRecord, Context, Message
from flwr.clientapp import ClientApp
from flwr.clientapp.typing import ClientAppCallable

from detector.models.networks import build
from train.data.cache import Cache
from train.data.leakage import safe_split
from train.data.names import Scheme
from train.federated.messages import arrays_in, put_into, reply_of, sent_in, settings_in
from train.federated.sent import check, write_down
from train.fitting.batches import batches
from train.fitting.engine import KerasGraph
from train.fitting.recipes import Recipe
from train.fitting.training import Training

__all__ = ["app", "recipe_from", "train_on", "watched"]


def watched(message: Message, context: Context, call_next: ClientAppCallable) -> Message:
    """Between the client's work and the wire: writes down what is about to be sent, and sends it only if it may be.

    ``context.node_config`` holds the client's own ``cache`` and ``log``, two paths on its machine.
    """
    answer = call_next(message, context)
    sent = sent_in(answer.content)
    check(sent_in(message.content), sent)
    write_down(Path(str(context.node_config["log"])), sent)
    return answer


app = ClientApp(mods=[watched])


@app.train()
def train(message: Message, context: Context) -> Message:
    """Train on; the answer goes through ``watched``."""
    asked = message.content
    recipe = recipe_from(settings_in(asked))
    model = build(recipe.architecture, recipe.size)
    put_into(model, arrays_in(asked))
    torch.set_num_threads(int(str(context.node_config.get("threads", 1))))
    model, faces = train_on(model, recipe, Path(str(context.node_config["cache"])))
    return Message(content=reply_of(model, faces), reply_to=message)


def recipe_from(settings: ConfigRecord) -> Recipe:
    """The recipe that the server asks for: a low rate with frozen batch statistics, as in ``fitting.adapt``."""
    return Recipe(
        str(settings["architecture"]), int(str(settings["size"])), margin=float(str(settings["margin"])),
        crops=int(str(settings["crops"])), batch=int(str(settings["batch"])), rate=float(str(settings["rate"])), warmup=10,
        average=0.95, start="sent by the server", frozen_norms=True, seed=int(str(settings["seed"])),
    )  # fmt: skip


def train_on(model: keras.Model, recipe: Recipe, cache: Path) -> tuple[keras.Model, int]:
    """The same model after ``recipe.crops`` crops of the training part of a cache, and the number of faces in it."""
    keras.utils.set_random_seed(recipe.seed)
    torch.manual_seed(recipe.seed)
    indices = safe_split(Cache(cache), Scheme.CARVE).train
    # Nothing is kept on the client: no checkpoint is written to the folder.
    network = partial(KerasGraph, model, frozen_norms=True)
    training = Training(recipe, Path(), network, torch.device("cpu"), frozen_norms=True)
    made = batches(cache, indices, recipe.spec, recipe.mix, recipe.batch, recipe.seed, 0)
    with closing(made):
        for _ in range(training.steps):
            training.take(*next(made))
    return training.average.write_back(), len(indices)
