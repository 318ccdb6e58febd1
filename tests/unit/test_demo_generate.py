"""The demo's files: the same from the same seed, as dirty as they say, and with a story in them."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from configuration.errors import PlainError
from till.demo.generate import PROMOTION_FROM, generate

Row = dict[str, str]
Document = dict[str, Any]

ISO = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
DAY_FIRST = re.compile(r"\d\d/\d\d/\d{4} \d\d:\d\d")
MONTH_NAME = re.compile(r"[A-Z][a-z]{2} \d{1,2} \d{4} \d{1,2}:\d\d[AP]M")
ADJUSTMENTS = {"FEE", "VOUCHER", "CORRECTION"}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    generate(folder)
    return folder


@pytest.fixture(scope="module")
def expected(demo: Path) -> Document:
    document: Document = json.loads((demo / "expected.json").read_text(encoding="utf-8"))
    return document


@pytest.fixture(scope="module")
def purchases(demo: Path) -> list[Row]:
    return read_csv(demo / "shop" / "purchases.csv")


@pytest.fixture(scope="module")
def clients(demo: Path) -> list[Row]:
    return read_csv(demo / "shop" / "clients.csv")


@pytest.fixture(scope="module")
def orders(demo: Path) -> list[Document]:
    return read_parquet(demo, "orders")


def read_csv(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_parquet(demo: Path, name: str) -> list[Document]:
    rows: list[Document] = pq.read_table(demo / "webshop" / f"{name}.parquet").to_pylist()
    return rows


def checksums(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def date_formats(texts: list[str]) -> dict[str, int]:
    real = [text for text in texts if not text.startswith("31/02/")]
    return {
        "iso": sum(bool(ISO.fullmatch(text)) for text in real),
        "day_first": sum(bool(DAY_FIRST.fullmatch(text)) for text in real),
        "month_name": sum(bool(MONTH_NAME.fullmatch(text)) for text in real),
    }


def read_date(text: str) -> dt.date:
    for pattern in ("%Y-%m-%d %H:%M:%S", "%d/%m/%Y %H:%M", "%b %d %Y %I:%M%p"):
        try:
            return dt.datetime.strptime(text, pattern).date()  # noqa: DTZ007 - only the day
        except ValueError:
            continue
    raise ValueError(text)


def extra_copies(rows: list[Row]) -> int:
    return sum(copies - 1 for copies in Counter(tuple(row.values()) for row in rows).values())


def has_stray_spaces(row: Row) -> bool:
    return any(value != value.strip() for value in row.values())


# -- the same bytes


def test_the_same_seed_gives_the_same_bytes_whatever_the_threads(tmp_path: Path) -> None:
    for name, threads in (("one", 1), ("two", 2), ("five", 5)):
        generate(tmp_path / name, scale=0.3, seed=3, threads=threads)
    assert checksums(tmp_path / "one") == checksums(tmp_path / "two")
    assert checksums(tmp_path / "one") == checksums(tmp_path / "five")


def test_generating_again_replaces_the_files_and_leaves_nothing_else(tmp_path: Path) -> None:
    generate(tmp_path, scale=0.1, seed=1)
    generate(tmp_path, scale=0.1, seed=2)
    generate(tmp_path / "fresh", scale=0.1, seed=2)
    fresh = checksums(tmp_path / "fresh")
    again = checksums(tmp_path)
    assert {name: again[name] for name in fresh} == fresh
    assert len(again) == 2 * len(fresh)


def test_another_seed_gives_other_shoppers(tmp_path: Path) -> None:
    generate(tmp_path / "one", scale=0.1, seed=1)
    generate(tmp_path / "two", scale=0.1, seed=2)
    one, two = checksums(tmp_path / "one"), checksums(tmp_path / "two")
    assert one.keys() == two.keys()
    the_same = {name for name in one if one[name] == two[name]}
    assert the_same == {"webshop/products.parquet"}  # the catalogue is no matter of chance


@pytest.mark.parametrize("scale", [0, -1, 2001])
def test_a_scale_out_of_range_is_refused_before_anything_is_written(
    tmp_path: Path, scale: float
) -> None:
    with pytest.raises(PlainError, match="scale of the demo"):
        generate(tmp_path / "demo", scale=scale)
    assert not (tmp_path / "demo").exists()


# -- what expected.json says


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


# -- the files as files


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


# -- the story


def revenue(order: Document) -> Decimal:
    return sum(
        (line["quantity"] * Decimal(line["unit_price"]) for line in order["lines"]), Decimal(0)
    )


def sums(
    orders: list[Document],
    by: Callable[[dt.date], Any],
    keep: Callable[[Document], bool] = lambda order: True,
) -> dict[Any, Decimal]:
    totals: dict[Any, Decimal] = defaultdict(Decimal)
    for order in orders:
        totals[by(order["ordered_at"].date())] += revenue(order) if keep(order) else 0
    return totals


def test_the_shop_grows_and_has_a_yearly_season(orders: list[Document]) -> None:
    month = sums(orders, lambda day: (day.year, day.month))
    for number in range(1, 13):
        assert month[2025, number] > month[2024, number]
    assert month[2024, 12] > 1.5 * float(month[2024, 8])
    assert month[2025, 12] > 1.5 * float(month[2025, 8])


def test_the_week_has_a_rhythm(purchases: list[Row], orders: list[Document]) -> None:
    shop = Counter(
        read_date(row["purchase_date"]).isoweekday()
        for row in purchases
        if not row["purchase_date"].startswith("31/02/")
    )
    assert shop[7] == 0  # closed
    assert shop[6] == max(shop.values())
    web = Counter(order["ordered_at"].isoweekday() for order in orders)
    assert web[7] == max(web.values())


def test_the_promotion_stands_above_its_neighbours(orders: list[Document]) -> None:
    week = sums(orders, lambda day: day - dt.timedelta(days=day.weekday()))
    before, after = (PROMOTION_FROM + dt.timedelta(days=days) for days in (-7, 7))
    assert week[PROMOTION_FROM] > 1.3 * float(max(week[before], week[after]))
    discounted = [
        line
        for order in orders
        for line in order["lines"]
        if order["kind"] == "sale"
        and PROMOTION_FROM <= order["ordered_at"].date() < after
        and line["product_id"].startswith("SKU-")
        and Decimal(line["discount_amount"]) > 0
    ]
    assert len(discounted) > 500


def test_a_best_seller_dies_in_the_middle_of_2025(
    purchases: list[Row], orders: list[Document]
) -> None:
    sold: dict[str, list[dt.date]] = defaultdict(list)
    for order in orders:
        if order["kind"] == "sale":
            for line in order["lines"]:
                sold[line["product_id"]].append(order["ordered_at"].date())
    for row in purchases:
        if not row["purchase_date"].startswith("31/02/") and not row["quantity"].startswith("-"):
            sold[row["sku"].strip()].append(read_date(row["purchase_date"]))
    dead = sold["SKU-0017"]
    assert dt.date(2025, 6, 15) < max(dead) <= dt.date(2025, 6, 30)
    until_then = {
        product: sum(day < dt.date(2025, 7, 1) for day in days)
        for product, days in sold.items()
        if product.startswith("SKU-")
    }
    assert max(until_then, key=until_then.__getitem__) == "SKU-0017"


def test_poland_takes_off_in_2025(orders: list[Document]) -> None:
    def quarter(day: dt.date) -> tuple[int, int]:
        return day.year, (day.month - 1) // 3 + 1

    every = sums(orders, quarter)
    polish = sums(orders, quarter, lambda order: order["country_code"] == "PL")
    share = {period: polish[period] / every[period] for period in every}
    assert max(share[2024, number] for number in range(1, 5)) < 0.03
    assert share[2025, 1] < share[2025, 2] < share[2025, 3] < share[2025, 4]
    assert share[2025, 4] > 0.12


def test_there_are_loyal_lapsed_and_one_time_customers(orders: list[Document]) -> None:
    days: dict[str, list[dt.date]] = defaultdict(list)
    for order in orders:
        if order["customer_id"] is not None and order["kind"] == "sale":
            days[order["customer_id"]].append(order["ordered_at"].date())
    last_day = dt.date(2025, 12, 31)
    one_time = sum(len(of_one) == 1 for of_one in days.values())
    loyal = sum(len(of_one) >= 20 for of_one in days.values())
    lapsed = sum(
        len(of_one) >= 2 and (last_day - max(of_one)).days > 180 for of_one in days.values()
    )
    assert len(days) == 900
    assert one_time > 200
    assert loyal > 100
    assert lapsed > 80
