"""What is wrong with a JSON file, in plain words: the first fault that pydantic found, with its place.

pydantic itself is not imported here: whoever has its error has imported it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

__all__ = ["Fault", "first_fault"]

_MOST_SHOWN = 60
"""Characters of a wrong value that a message repeats."""
_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "missing": "is missing",
        "extra_forbidden": "is not a field that this version knows",
        "model_type": "must be an object, not {value}",
        "dict_type": "must be an object, not {value}",
        "list_type": "must be a list, not {value}",
        "tuple_type": "must be a list, not {value}",
        "string_type": "must be a text, not {value}",
        "bool_type": "must be true or false, not {value}",
        "int_type": "must be a whole number, not {value}",
        "float_type": "must be a finite number, not {value}",
        "finite_number": "must be a finite number, not {value}",
        "greater_than": "must be above {gt}, not {value}",
        "greater_than_equal": "must be at least {ge}, not {value}",
        "less_than_equal": "must be at most {le}, not {value}",
        "literal_error": "must be {expected}, not {value}",
        "enum": "must be {expected}, not {value}",
        "value_error": "is refused ({error})",
    }
)
"""By pydantic's name of the fault; for others its own words must do."""


class Fault(NamedTuple):
    """One thing that is wrong with a file."""

    place: str
    """As in "models.cnn.track_record[0].verdict"; empty for the whole."""
    what: str
    """Goes on after the place: "is missing", "must be a text, not 3"."""


def first_fault(error: ValidationError, patterns: Mapping[str, str] = MappingProxyType({})) -> Fault:
    """The fault that comes first in the order of the fields.

    Args:
        error: as pydantic raised it.
        patterns: for each regular expression of the model what a text that fits it is, as in "40 hexadecimal digits".
    """
    found = error.errors(include_url=False)[0]
    return Fault(_place(found["loc"]), _what(found, patterns))


def _place(steps: tuple[int | str, ...]) -> str:
    # pydantic ends the way to a wrong key with "[key]".
    way = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps if step != "[key]")
    return "".join(way).removeprefix(".")


def _what(found: ErrorDetails, patterns: Mapping[str, str]) -> str:
    context: dict[str, Any] = {**found.get("ctx", {}), "value": _shown(found["input"])}
    if found["type"] == "string_pattern_mismatch":
        pattern = context["pattern"]
        return f"must be {patterns.get(pattern, f'a text like {pattern}')}, not {context['value']}"
    if found["type"] not in _WORDS:
        return found["msg"]
    if "expected" in context:
        context["expected"] = context["expected"].replace("'", '"')
    return _WORDS[found["type"]].format(**context)


def _shown(value: object) -> str:
    try:
        text = json.dumps(value)
    except (TypeError, ValueError):  # no JSON, or a number of more digits than Python prints
        return f"this {type(value).__name__}"
    return text if len(text) <= _MOST_SHOWN else f"{text[: _MOST_SHOWN - 3]}..."
