"""The types of ASGI that the gate uses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["App", "Receive", "Scope", "Send"]

Scope = dict[str, Any]
Receive = Callable[[], Any]
Send = Callable[[dict[str, Any]], Any]
App = Callable[[Scope, Receive, Send], Any]
