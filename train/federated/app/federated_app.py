"""All of the code that a server sends to its clients: where the code lies that they have installed themselves."""

from train.federated.client import app as client
from train.federated.server import app as server

__all__ = ["client", "server"]
