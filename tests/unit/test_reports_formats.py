"""What a reader sees of a value: by locale, by currency, rounded by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from reports.formats import FORMATS, FormatName, Formatter, Value, default_format

DAY = date(2025, 11, 29)
NBSP, NARROW = "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}"
BRITISH = Formatter("en_GB", "GBP")
GERMAN = Formatter("de_DE", "EUR")


@pytest.mark.parametrize(
    ("locale", "currency", "expected"),
    [
        ("en_GB", "GBP", "£1,234.50"),
        ("en_US", "USD", "$1,234.50"),
        ("de_DE", "EUR", f"1.234,50{NBSP}€"),
        ("fr_FR", "EUR", f"1{NARROW}234,50{NBSP}€"),
        ("es_ES", "EUR", f"1.234,50{NBSP}€"),
        ("ja_JP", "JPY", "\N{FULLWIDTH YEN SIGN}1,234.50"),
    ],
)
def test_money_is_written_as_the_locale_does(locale: str, currency: str, expected: str) -> None:
    assert Formatter(locale, currency).text(Decimal("1234.5"), "currency2") == expected


@pytest.mark.parametrize(
    ("value", "name", "expected"),
    [
        (1234, "int", "1,234"),
        (Decimal("2.5"), "num0", "3"),
        (Decimal("-2.5"), "num0", "\N{MINUS SIGN}3"),
        (0.125, "rate1", "12.5%"),
        (0.12345, "rate2", "12.35%"),
        (12.5, "pct0", "13%"),
        (16.49, "change_pct1", "+16.5%"),
        (-3, "change_pct0", "\N{MINUS SIGN}3%"),
        (0.04, "change_pct1", "0.0%"),
        (-0.04, "pct1", "0.0%"),
        (0.0123, "change_pp1", "+1.2 pp"),
        (-0.0123, "change_pp1", "\N{MINUS SIGN}1.2 pp"),
        (999, "number_short", "999"),
        (1234, "number_short", "1.23K"),
        (999_950, "number_short", "1M"),
        (Decimal("12345.67"), "currency_short", "£12.3K"),
        (Decimal(-1_500_000), "currency_short", "\N{MINUS SIGN}£1.5M"),
        (Decimal("0.5"), "currency_short", "£0.50"),
        (Decimal("-0.001"), "currency2", "£0.00"),
        (1, "weekday", "Mon"),
        (7, "weekday_name", "Sunday"),
        (12, "month_of_year", "Dec"),
        (12, "month_name", "December"),
        (13, "month_name", "13"),
        (8, "weekday", "8"),
        ("=1+1", "text", "=1+1"),
        (True, "text", "true"),
    ],
)
def test_each_format_rounds_half_up_and_keeps_its_sign(
    value: Value, name: FormatName, expected: str
) -> None:
    assert BRITISH.text(value, name) == expected


@pytest.mark.parametrize(
    ("name", "british", "german"),
    [
        ("date", "29 Nov 2025", "29. Nov. 2025"),
        ("day", "29 Nov", "29. Nov."),
        ("day_long", "Sat, 29 Nov 2025", "Sa., 29. Nov. 2025"),
        ("month", "Nov 2025", "Nov. 2025"),
        ("month_long", "November 2025", "November 2025"),
        ("month_of_year", "Nov", "Nov"),
        ("month_name", "November", "November"),
        ("weekday", "Sat", "Sa"),
        ("weekday_name", "Saturday", "Samstag"),
        ("year", "2025", "2025"),
    ],
)
def test_dates_speak_the_language_of_the_site(name: FormatName, british: str, german: str) -> None:
    assert (BRITISH.text(DAY, name), GERMAN.text(DAY, name)) == (british, german)


def test_german_has_no_short_thousands_and_gets_all_digits() -> None:
    assert GERMAN.text(Decimal(12345), "currency_short") == f"12.345{NBSP}€"
    assert GERMAN.text(Decimal(12_345_678), "currency_short") == f"12,3{NBSP}Mio.{NBSP}€"


@pytest.mark.parametrize("missing", [None, float("nan"), float("inf")])
@pytest.mark.parametrize("name", FORMATS)
def test_a_missing_value_is_a_dash_in_every_format(missing: Value, name: FormatName) -> None:
    assert BRITISH.text(missing, name) == "\N{EN DASH}"


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    "value", [0, -1, Decimal("0.005"), 1e300, DAY, datetime(2025, 1, 2, tzinfo=UTC)]
)
def test_no_format_fails_on_any_value(value: Value, name: FormatName) -> None:
    assert BRITISH.text(value, name)


@pytest.mark.parametrize(
    ("name", "sql_type", "expected"),
    [
        ("net_revenue", "DECIMAL(18,4)", "currency0"),
        ("net_revenue_7_day_average", "DECIMAL(18,4)", "currency0"),
        ("average_order_value", "DECIMAL(18,4)", "currency2"),
        ("return_rate", "DOUBLE", "rate1"),
        ("growth_pct", "DOUBLE", "pct1"),
        ("orders", "BIGINT", "int"),
        ("lift", "DOUBLE", "num2"),
        ("month_start", "DATE", "month"),
        ("order_date", "DATE", "date"),
        ("product_name", "VARCHAR", "text"),
    ],
)
def test_a_column_tells_its_format_by_name_and_type(
    name: str, sql_type: str, expected: str
) -> None:
    assert default_format(name, sql_type) == expected
