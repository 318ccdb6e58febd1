"""The demo's story can be found in its files: growth, seasons, a promotion, a death, a country, people."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tests.unit.demo_files import Document, Row, read_date
from till.demo.generate import PROMOTION_FROM


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
