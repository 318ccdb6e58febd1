"""The demo's `expected.json` agrees with an independent count of the files beside it."""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal
from pathlib import Path

from tests.unit.demo_files import ADJUSTMENTS, Document, Row, read_parquet

ISO = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
DAY_FIRST = re.compile(r"\d\d/\d\d/\d{4} \d\d:\d\d")
MONTH_NAME = re.compile(r"[A-Z][a-z]{2} \d{1,2} \d{4} \d{1,2}:\d\d[AP]M")


def date_formats(texts: list[str]) -> dict[str, int]:
    real = [text for text in texts if not text.startswith("31/02/")]
    return {
        "iso": sum(bool(ISO.fullmatch(text)) for text in real),
        "day_first": sum(bool(DAY_FIRST.fullmatch(text)) for text in real),
        "month_name": sum(bool(MONTH_NAME.fullmatch(text)) for text in real),
    }


def extra_copies(rows: list[Row]) -> int:
    return sum(copies - 1 for copies in Counter(tuple(row.values()) for row in rows).values())


def has_stray_spaces(row: Row) -> bool:
    return any(value != value.strip() for value in row.values())


def test_the_size_is_that_of_a_small_shop(expected: Document) -> None:
    known = expected["files"]["shop/clients.csv"]["clients"]
    known += expected["resources"]["customers"]["rows"]
    sales = expected["files"]["shop/purchases.csv"]["receipts"]
    sales += expected["resources"]["orders"]["rows"]
    assert known == 1500
    assert 23_000 <= sales <= 28_000


def test_expected_rows_of_purchases_agree_with_the_file(
    expected: Document, purchases: list[Row]
) -> None:
    rows = purchases
    product_rows = [row for row in rows if row["sku"].strip().startswith("SKU-")]
    fact = expected["files"]["shop/purchases.csv"]
    assert fact["rows"] == len(rows)
    assert fact["receipts"] == len({row["receipt_no"] for row in rows})
    assert fact["dirt"] == {
        "duplicate_rows": extra_copies(rows),
        "missing_client_id": sum(row["client_id"] == "" for row in rows),
        "stray_spaces": sum(has_stray_spaces(row) for row in rows),
        "text_quantity": sum(row["quantity"] == "two" for row in rows),
        "impossible_date": sum(row["purchase_date"].startswith("31/02/") for row in rows),
        "zero_quantity": sum(row["quantity"] == "0" for row in rows),
        "negative_price": sum(Decimal(row["unit_price"]) < 0 for row in rows),
        "zero_price": sum(Decimal(row["unit_price"]) == 0 for row in rows),
    }
    assert fact["rejected_rows"] == sum(not re.fullmatch(r"-?\d+", r["quantity"]) for r in rows)
    assert fact["return_rows"] == sum(row["quantity"].startswith("-") for row in product_rows)
    assert fact["service_rows"] == sum(row["sku"] == "DELIVERY" for row in rows)
    assert fact["adjustment_rows"] == sum(row["sku"] in ADJUSTMENTS for row in rows)
    assert fact["date_formats"] == date_formats([row["purchase_date"] for row in rows])


def test_expected_figures_of_the_shop_agree_with_a_careful_reading(
    expected: Document, purchases: list[Row]
) -> None:
    sold = returned = Decimal(0)
    receipts = set()
    lines = 0
    for values in dict.fromkeys(tuple(row.values()) for row in purchases):
        row = dict(zip(purchases[0], values, strict=True))
        if row["sku"] in ADJUSTMENTS or row["quantity"] == "two":
            continue
        if row["purchase_date"].startswith("31/02/"):
            continue
        quantity, price = int(row["quantity"]), Decimal(row["unit_price"])
        amount = quantity * price - Decimal(row["discount"])
        if quantity > 0 and price > 0:
            sold += amount
            lines += 1
            receipts.add(row["receipt_no"])
        elif quantity < 0 and price > 0:
            returned -= amount
    figures = expected["files"]["shop/purchases.csv"]["figures"]
    assert figures == {
        "gross_revenue": str(sold),
        "returns_amount": str(returned),
        "completed_lines": lines,
        "orders": len(receipts),
    }


def test_expected_rows_of_clients_agree_with_the_file(
    expected: Document, clients: list[Row]
) -> None:
    fact = expected["files"]["shop/clients.csv"]
    assert fact["rows"] == len(clients)
    assert fact["clients"] == len({row["client_id"] for row in clients})
    assert fact["dirt"] == {
        "duplicate_rows": extra_copies(clients),
        "missing_email": sum(row["email"] == "" for row in clients),
        "missing_country": sum(row["country"] == "" for row in clients),
        "stray_spaces": sum(has_stray_spaces(row) for row in clients),
    }
    assert fact["date_formats"] == date_formats([row["signup_date"] for row in clients])


def test_expected_resources_agree_with_the_files_served(demo: Path, expected: Document) -> None:
    resources = expected["resources"]
    for name in ("customers", "products", "exchange_rates", "events"):
        assert resources[name]["rows"] == len(read_parquet(demo, name)) > 0
    orders = read_parquet(demo, "orders")
    assert resources["orders"] == {
        "rows": len(orders),
        "sales": sum(order["kind"] == "sale" for order in orders),
        "returns": sum(order["kind"] == "return" for order in orders),
        "without_customer": sum(order["customer_id"] is None for order in orders),
        "children": {"lines": sum(len(order["lines"]) for order in orders)},
    }
