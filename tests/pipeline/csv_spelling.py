"""How one random CSV file of the campaign is written: a second implementation, from the dialect to bytes."""

from __future__ import annotations

import datetime
import random
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

Value = str | int | float | Decimal | bool | datetime.date | datetime.datetime | None


@dataclass
class Spelling:
    """The dialect, and how its values look. `mixed` is the share of lines with an end of any kind."""

    delimiter: str
    quote: str
    escape: str
    quotes_all: bool
    decimal: str
    thousands: str
    date: str
    clock: str
    encoding: str
    line_end: str
    has_header: bool
    mixed: float = 0.0

    def can_hold(self, text: str) -> bool:
        """Whether there is a way to write the text."""
        try:
            self.encoded(text)
        except UnicodeEncodeError:
            return False
        if self.quote:
            return True
        return not any(sign in text for sign in (self.delimiter, "\n", "\r"))

    def line(self, texts: Sequence[str | None], chance: random.Random) -> str:
        """A record, without its line end."""
        return self.delimiter.join(self._field(text or "", chance) for text in texts)

    def _field(self, text: str, chance: random.Random) -> str:
        if not self.quote:
            return text
        odd = {self.delimiter, self.quote, "\n", "\r"}
        if self.escape != self.quote:
            odd.add(self.escape)
        needs = any(sign in text for sign in odd)
        # Single quotes around some values that need none may as well belong to them.
        is_spared = self.quote == "'" or chance.random() < 0.9
        if not needs and not self.quotes_all and is_spared:
            return text
        if self.escape != self.quote:
            text = text.replace(self.escape, self.escape * 2)
        return self.quote + text.replace(self.quote, self.escape + self.quote) + self.quote

    def encoded(self, text: str) -> bytes:
        return text.encode(self.encoding)

    def decoded(self, content: bytes) -> str:
        return content.decode(self.encoding)


def spelled(value: Value, kind: str, spelling: Spelling) -> str | None:
    """A value as the file has it."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.datetime):
        return value.strftime(spelling.date + spelling.clock)
    if isinstance(value, datetime.date):
        return value.strftime(spelling.date)
    text = f"{value:,.2f}" if kind.startswith("decimal") else f"{value:,}"
    whole, _, decimals = text.partition(".")
    text = whole.replace(",", spelling.thousands)
    return text + (spelling.decimal + decimals if decimals else "")
