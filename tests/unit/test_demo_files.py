"""The demo's files hang together: numbered, unique, and with nothing that refers to nothing."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path

from tests.unit.demo_files import Document, Row, read_date, read_parquet


def test_csv_files_are_utf8_without_a_mark_and_with_unix_line_ends(demo: Path) -> None:
    for name in ("clients", "purchases"):
        data = (demo / "shop" / f"{name}.csv").read_bytes()
        assert not data.startswith(b"\xef\xbb\xbf")
        assert b"\r" not in data
        assert data.endswith(b"\n")
        data.decode("utf-8")


def test_every_kind_of_dirt_is_there_and_all_of_it_is_modest(expected: Document) -> None:
    for name in ("shop/purchases.csv", "shop/clients.csv"):
        assert all(count > 0 for count in expected["files"][name]["dirt"].values())
    fact = expected["files"]["shop/purchases.csv"]
    planted = sum(n for kind, n in fact["dirt"].items() if kind != "missing_client_id")
    assert 0.005 < planted / fact["rows"] < 0.015
    assert fact["rejected_rows"] / fact["rows"] <= 0.002


def test_receipts_are_numbered_in_the_order_of_time(purchases: list[Row]) -> None:
    dates = [
        read_date(row["purchase_date"])
        for row in purchases
        if not row["purchase_date"].startswith("31/02/")
    ]
    assert dates == sorted(dates)
    numbers = [int(row["receipt_no"][1:]) for row in purchases]
    assert numbers == sorted(numbers)
    assert set(numbers) == set(range(1, max(numbers) + 1))


def test_a_product_comes_at_most_once_in_a_basket(
    purchases: list[Row], orders: list[Document]
) -> None:
    unique = dict.fromkeys(tuple(row.values()) for row in purchases)
    in_receipts = Counter((values[0], values[3].strip()) for values in unique)
    assert max(in_receipts.values()) == 1
    assert all(
        len({line["product_id"] for line in order["lines"]}) == len(order["lines"])
        for order in orders
    )


def test_keys_of_the_webshop_are_unique(demo: Path, orders: list[Document]) -> None:
    keys = {
        "orders": [order["order_id"] for order in orders],
        "lines": [line["line_id"] for order in orders for line in order["lines"]],
        "customers": [row["customer_id"] for row in read_parquet(demo, "customers")],
        "products": [row["product_id"] for row in read_parquet(demo, "products")],
        "rates": [row["rate_id"] for row in read_parquet(demo, "exchange_rates")],
        "events": [row["event_id"] for row in read_parquet(demo, "events")],
    }
    for name, values in keys.items():
        assert len(set(values)) == len(values), name


def test_what_rows_refer_to_exists(
    demo: Path, purchases: list[Row], clients: list[Row], orders: list[Document]
) -> None:
    client_ids = {row["client_id"] for row in clients}
    assert {row["client_id"] for row in purchases} - {""} <= client_ids
    signed_up = {row["customer_id"]: row["signed_up_at"] for row in read_parquet(demo, "customers")}
    products = {row["product_id"] for row in read_parquet(demo, "products")}
    for order in orders:
        if order["customer_id"] is not None:
            assert signed_up[order["customer_id"]] <= order["ordered_at"]
        for line in order["lines"]:
            assert line["product_id"] in products | {"SHIPPING", "VOUCHER"}


def test_a_return_takes_back_what_was_sold(orders: list[Document]) -> None:
    sales = {order["order_id"]: order for order in orders if order["kind"] == "sale"}
    returns = [order for order in orders if order["kind"] == "return"]
    for order in returns:
        sale = sales[order["original_order_id"]]
        assert sale["customer_id"] == order["customer_id"]
        assert sale["currency"] == order["currency"]
        assert sale["ordered_at"] < order["ordered_at"]
        sold = {line["product_id"]: line for line in sale["lines"]}
        for line in order["lines"]:
            of_sale = sold[line["product_id"]]
            assert line["quantity"] == -of_sale["quantity"] < 0
            assert line["unit_price"] == of_sale["unit_price"]
            assert Decimal(line["discount_amount"]) == -Decimal(of_sale["discount_amount"])
    assert len({order["original_order_id"] for order in returns}) == len(returns) > 0


def test_foreign_orders_have_a_rate_on_or_before_their_day(
    demo: Path, orders: list[Document]
) -> None:
    days = defaultdict(list)
    for rate in read_parquet(demo, "exchange_rates"):
        day = dt.date.fromisoformat(rate["rate_date"])
        assert day.isoweekday() <= 5
        days[rate["currency"]].append(day)
    currencies = {order["currency"] for order in orders}
    assert currencies == {"EUR", "GBP", "USD", "SEK"}
    first_day = min(order["ordered_at"] for order in orders).date()
    assert all(min(days[currency]) <= first_day for currency in currencies - {"EUR"})
