"""`--from` and `--to`: the days of a backfill, as they are typed."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from configuration.errors import ConfigurationError

if TYPE_CHECKING:
    from ingest.results import Window


def window_of(start: str | None, end: str | None) -> Window | None:
    """The window of these options, None without them; raises ConfigurationError for what is no day."""
    from ingest.results import Window

    if start is None and end is None:
        return None
    first, last = _day("--from", start), _day("--to", end)
    if first is not None and last is not None and first > last:
        raise ConfigurationError(
            f"--from {first} is after --to {last}", remedy="Give the earlier day to --from."
        )
    return Window(first, last)


def _day(option: str, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        if len(text) != len("2024-03-09"):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(
            f"{option}: '{text}' is no date", remedy="Write it like 2024-03-09."
        ) from None
