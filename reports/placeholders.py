"""Text with values in it: `{dataset.column:format}` stands for a value of the dataset's first row.

Formats are those of `reports.formats`. `abs pct1` shows a value without its sign, and
`sign(above|below|level with)` chooses a word by it, so that a sentence reads well both ways:
`Net revenue was {m.growth_pct:abs pct1} {m.growth_pct:sign(above|below|level with)} October.`
On the pages of a template `{key}` and `{title}` are those of the page.
A text in which a value is missing is left out, and so is an `[[optional part]]` of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import TypeGuard, cast

from reports.formats import FORMATS, FormatName, Formatter, Value

_PLACEHOLDER = re.compile(
    r"\{(?:(?P<dataset>[a-z][a-z0-9_]*)\.(?P<column>[A-Za-z0-9_]+)|(?P<own>key|title))"
    r"(?::(?P<format>[^{}]*))?\}"
)
_OPTIONAL = re.compile(r"\[\[(.*?)\]\]", re.DOTALL)
_BRACES = re.compile(r"\{[^{}]*\}")
_SIGN = re.compile(r"^sign\(([^|()]*)\|([^|()]*)\|([^|()]*)\)$")


@dataclass(frozen=True)
class Placeholder:
    """One `{dataset.column:format}` of a text; without a dataset, the `{key}` or `{title}` of a template."""

    dataset: str
    column: str
    format: str


def placeholders(text: str) -> list[Placeholder]:
    """All placeholders of `text`, in order."""
    return list(_found(text))


@lru_cache(maxsize=4096)  # the pages of a template have the same texts
def _found(text: str) -> tuple[Placeholder, ...]:
    return tuple(_placeholder(match) for match in _PLACEHOLDER.finditer(text))


def format_name(shown: str) -> str:
    """The named format in a placeholder's format part; empty for none or for `sign(...)`."""
    return "" if _SIGN.match(shown) else shown.removeprefix("abs ").strip()


def is_format(shown: str) -> bool:
    """Whether the format part of a placeholder can be used."""
    name = format_name(shown)
    return not name or name in FORMATS


def substitute(text: str, write: Callable[[Placeholder], str]) -> str:
    """`text` with each placeholder replaced by what `write` makes of it."""
    return _PLACEHOLDER.sub(lambda match: write(_placeholder(match)), text)


def _placeholder(match: re.Match[str]) -> Placeholder:
    column = match["column"] or match["own"]
    return Placeholder(match["dataset"] or "", column, (match["format"] or "").strip())


def without_missing(text: str, lacks_value: Callable[[str], bool]) -> str:
    """`text` without its `[[optional parts]]` that lack a value; empty when the rest lacks one."""
    kept = _OPTIONAL.sub(lambda match: "" if lacks_value(match[1]) else match[1], text)
    return "" if lacks_value(kept) else kept


def strays(text: str) -> list[str]:
    """Braces of `text` that look like a placeholder and are none."""
    return _BRACES.findall(_PLACEHOLDER.sub("", text))


def written(
    placeholder: Placeholder, value: Value, default: FormatName, formatter: Formatter
) -> str:
    """A placeholder's value as text; `default` is the format where it names none."""
    shown = placeholder.format
    sign = _SIGN.match(shown)
    if sign:
        if not _is_number(value):
            return formatter.text(value, "text")
        return sign[1] if value > 0 else sign[2] if value < 0 else sign[3]
    size: Value = value
    if shown.startswith("abs ") and _is_number(value) and value < 0:
        size = -value
    name = format_name(shown)
    return formatter.text(size, cast(FormatName, name) if name else default)


def _is_number(value: Value) -> TypeGuard[int | float | Decimal]:
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)
