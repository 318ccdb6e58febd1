"""Our fast writer of numbers and dates beside Babel itself: the same text, value by value."""

from __future__ import annotations

import json
import random
from datetime import date, timedelta
from decimal import Decimal

import pytest

from reports.formats import FORMATS, Formatter, Value, steady
from tests.unit.babel_formatter import BabelFormatter

PLACES = [
    ("en_GB", "GBP"), ("en_US", "USD"), ("de_DE", "EUR"), ("fr_FR", "EUR"), ("es", "EUR"), ("es_ES", "USD"),
    ("ja_JP", "JPY"), ("en_GB", "JPY"), ("de_CH", "CHF"), ("en_IN", "INR"), ("pt_BR", "BRL"), ("sv_SE", "SEK"),
]  # fmt: skip

DAYS = [date(2024, 1, 8) + timedelta(days=37 * n) for n in range(20)]


def values() -> list[Value]:
    """Sizes from a thousandth of a cent to a trillion, both signs, and all that rounds on an edge."""
    seeded = random.Random(20261121)
    found: list[Value] = [
        0,
        1,
        -1,
        999,
        1000,
        9999,
        10_000,
        99_999,
        999_499,
        999_500,
        999_950,
        -0.0,
    ]
    found += [
        Decimal(text)
        for text in ("0.005", "-0.005", "2.5", "-2.5", "0.5", "99.995", "999.5", "999.994")
    ]
    found += [sign * (10**power - Decimal("0.5")) for power in range(13) for sign in (1, -1)]
    found += [Decimal(f"{step}e-3") for step in range(-2000, 2000, 97)]
    found += [steady(seeded.uniform(-1, 1) * 10 ** seeded.randint(-5, 12)) for _ in range(500)]
    found += [
        Decimal(seeded.randint(-(10**9), 10**9)).scaleb(-seeded.randint(0, 6)) for _ in range(400)
    ]
    return [*found, *(seeded.randint(-(10**14), 10**14) for _ in range(60))]


@pytest.mark.parametrize(("locale", "currency"), PLACES)
def test_every_format_writes_a_number_as_babel_does(locale: str, currency: str) -> None:
    ours, theirs = Formatter(locale, currency), BabelFormatter(locale, currency)
    numbers = [
        value for value in values() if not locale.startswith("ja") or value == int(value or 0)
    ]
    some = [*numbers[:30], *numbers[30 :: 1 if (locale, currency) == PLACES[2] else 11]]
    differing = [
        (name, value, ours.text(value, name), theirs.text(value, name))
        for name in FORMATS
        # A number as text has lost the zeros behind its point: it is what JSON ships.
        # The hyphen in `segunda-feira` is no minus.
        if name not in ("text", "year", "weekday_name")
        for value in some
        if ours.text(value, name) != theirs.text(value, name)
    ]
    assert differing == []


@pytest.mark.parametrize(
    "locale", ["en_GB", "de_DE", "fr_FR", "es", "ja_JP", "sv_SE", "ar_EG", "gd"]
)
def test_every_format_writes_a_date_as_babel_does(locale: str) -> None:
    ours, theirs = Formatter(locale, "EUR"), BabelFormatter(locale, "EUR")
    for name in FORMATS:
        assert [ours.text(day, name) for day in DAYS] == [theirs.text(day, name) for day in DAYS]


def test_a_number_as_text_is_what_the_page_ships() -> None:
    written = Formatter("de_DE", "EUR")
    assert [written.text(value, "text") for value in (Decimal("5.00"), 5.0, 1234, -2.5, Decimal("0.10"))] == [
        "5", "5", "1234", "\N{MINUS SIGN}2.5", "0.1",
    ]  # fmt: skip
    assert written.text(2025.0, "year") == "2025"


def test_the_records_are_json_and_small() -> None:
    for locale, currency in PLACES:
        text = json.dumps(Formatter(locale, currency).as_json(), ensure_ascii=True)
        assert json.loads(text)["numbers"]["currency2"]["digits"] == 2
        assert len(text) < 16_000


def test_a_double_keeps_its_cents_and_loses_its_noise() -> None:
    assert steady(0.1 + 0.2) == 0.3
    assert steady(123_456_789_012.349) == 123_456_789_012.349
    assert steady(1 / 3) == 0.3333333333
