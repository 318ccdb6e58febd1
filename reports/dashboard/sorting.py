"""Which rows of a table are shown, in which order: those that hold every word, sorted by a column."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from reports.formats import Formatter, Value
from reports.frames import Frame, sort_key


def places_of(
    frame: Frame, formatter: Formatter, *, search: str, column: int | None, descending: bool
) -> Sequence[int]:
    """The places of the rows; missing values stand at the end whichever way a column is sorted."""
    places: Sequence[int] = range(len(frame.rows))
    words = _folded(search).split()
    if words:
        texts = [frame.texts_at(index, formatter) for index in range(len(frame.fields))]
        places = [
            place
            for place in places
            if all(word in _folded("\n".join(one[place] for one in texts)) for word in words)
        ]
    if column is None:
        return places
    values = [_last(row[column]) for row in frame.rows]
    known = [place for place in places if values[place] is not None]
    missing = [place for place in places if values[place] is None]
    ordered = sorted(known, key=lambda place: _key(values[place]), reverse=descending)
    return [*ordered, *missing]


def _key(value: Value) -> tuple[float, str]:
    number, text = sort_key(value)
    return number, _folded(text)


def _last(value: Value) -> Value:
    """A line of numbers goes by its last one."""
    if isinstance(value, list):
        return next((one for one in reversed(value) if one is not None), None)
    return value


def _folded(text: str) -> str:
    """A text without accents and capitals."""
    bare = unicodedata.normalize("NFD", text)
    return "".join(one for one in bare if not unicodedata.combining(one)).casefold()
