"""A Report for programs and for people: as plain data, text, HTML."""

from __future__ import annotations

from detector.report.restore import from_dict
from detector.report.schema import json_schema
from detector.report.serialise import error_dict, to_dict, to_json

__all__ = ["error_dict", "from_dict", "json_schema", "to_dict", "to_json"]
