"""The kinds of values that a sources file may hold, with what a person is told when one is none."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from ingest.rows.column_types import column_type

_NAME = "[a-z][a-z0-9_]{0,62}"
_LOOKBACK = re.compile(r"(\d+)\s*(s|m|h|d|w)?")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def _plain_name(name: str) -> str:
    if not re.fullmatch(_NAME, name, re.ASCII):
        raise ValueError(
            "must be at most 63 lower-case letters, digits and _, and begin with a letter"
        )
    return name


def _known_type(name: str) -> str:
    if name.startswith("decimal(") and "," not in name:
        raise ValueError('needs quotes within { }: type: "decimal(18,4)"')
    column_type(name)
    return name


def _web_address(address: str) -> str:
    if not re.match(r"https?://[^/\s]", address):
        raise ValueError("must be an address that begins with http:// or https://")
    return address.rstrip("/")


def _known_lookback(text: str) -> str:
    if not _LOOKBACK.fullmatch(text):
        raise ValueError("must be a duration such as 30m, 12h, 1d or 2w, or a whole number")
    return text


def _share_or_count(limit: int | float) -> int | float:
    if limit < 0 or (isinstance(limit, float) and limit > 1):
        raise ValueError(
            "must be a share from 0.0 to 1.0 (0.05: one row of twenty; 1.0: all) or a whole number of "
            "rows (20; 1 is one row)"
        )
    return limit


def _no_truth(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("must be a number")
    return value


Name = Annotated[
    str,
    AfterValidator(_plain_name),
    Field(
        description="Lower-case letters, digits and _, beginning with a letter.",
        json_schema_extra={"pattern": f"^{_NAME}$"},
    ),
]
TypeName = Annotated[
    str,
    AfterValidator(_known_type),
    Field(description="text, integer, decimal(p,s), double, boolean, date or timestamp (UTC)."),
]
JsonPath = Annotated[
    str, Field(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$", description="Names joined by dots.")
]
# Which of the two it is, is told by the point: 1.0 is all rows, 1 is one row; 0 is none either way.
Tolerance = Annotated[int | float, BeforeValidator(_no_truth), AfterValidator(_share_or_count)]
Value = str | bool | int | float
WebAddress = Annotated[str, AfterValidator(_web_address)]
Lookback = Annotated[str, AfterValidator(_known_lookback)]


def lookback_units(text: str) -> int:
    """Seconds for times, plain units for whole numbers."""
    match = _LOOKBACK.fullmatch(text)
    return int(match[1]) * _SECONDS.get(match[2], 1) if match else 0
