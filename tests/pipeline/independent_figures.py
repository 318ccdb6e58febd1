"""The figures of docs/metrics.md once more, in plain Python: written from that page, reading no model.

A test reads a data set's own files into `Line`s and compares what is computed here with the marts of a
whole run. All amounts are Decimals, so agreement is to the last decimal.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import NamedTuple, TypeVar

FOUR_DECIMALS = Decimal("0.0001")
NOTHING = Decimal("0.0000")
INACTIVE_AFTER_DAYS = 90

Key = TypeVar("Key")


class Line(NamedTuple):
    """An order line in the reporting currency; `customer` is None for somebody unknown."""

    order: str
    day: dt.date
    customer: str | None
    product: str
    country: str
    line_type: str
    status: str
    quantity: Decimal
    net_amount: Decimal
    unit_price: Decimal


def line_status(is_cancellation: bool, quantity: Decimal, unit_price: Decimal) -> str:
    """`returned`, `completed` or `void`."""
    if is_cancellation or (quantity < 0 and unit_price > 0):
        return "returned"
    return "completed" if quantity > 0 and unit_price > 0 else "void"


def net_amount(
    quantity: Decimal,
    unit_price: Decimal,
    discount: Decimal = Decimal(0),
    rate: Decimal = Decimal(1),
) -> Decimal:
    """Quantity x price less discount at `rate`; a discount comes back with the goods."""
    discount = -abs(discount) if quantity < 0 else discount
    amount = (quantity * unit_price - discount) * rate
    return amount.quantize(FOUR_DECIMALS, rounding=ROUND_HALF_UP)


@dataclass
class Sales:
    """The sales figures of one day, month, country or product."""

    gross_revenue: Decimal = NOTHING
    returns_amount: Decimal = NOTHING
    units: Decimal = NOTHING
    completed_orders: set[str] = field(default_factory=set)
    known_customers: set[str] = field(default_factory=set)

    @property
    def net_revenue(self) -> Decimal:
        return self.gross_revenue - self.returns_amount

    @property
    def orders(self) -> int:
        return len(self.completed_orders)

    @property
    def customers(self) -> int:
        return len(self.known_customers)

    def add(self, line: Line) -> None:
        """Count a line of merchandise or service that is completed or returned."""
        if line.status == "returned":
            self.returns_amount -= line.net_amount
        if line.status == "completed":
            self.gross_revenue += line.net_amount
            self.completed_orders.add(line.order)
            if line.line_type == "merchandise":
                self.units += line.quantity
            if line.customer is not None:
                self.known_customers.add(line.customer)


def counted(lines: Iterable[Line]) -> list[Line]:
    """The lines that count in figures: no adjustments, nothing void."""
    return [
        line
        for line in lines
        if line.line_type in ("merchandise", "service") and line.status != "void"
    ]


def sales_by(lines: Iterable[Line], key: Callable[[Line], Key]) -> dict[Key, Sales]:
    """The sales figures of every value of `key`."""
    found: dict[Key, Sales] = defaultdict(Sales)
    for line in counted(lines):
        found[key(line)].add(line)
    return dict(found)


@dataclass(frozen=True)
class CustomerFigures:
    """What customer_kpis says of one customer; scores and days are None without an order."""

    sales: Sales
    first_order_date: dt.date | None
    last_order_date: dt.date | None
    order_days: int
    r_score: int | None
    f_score: int | None
    m_score: int | None
    recency_days: int | None
    is_active: bool
    is_at_risk: bool


def customer_figures(lines: Iterable[Line], as_of_date: dt.date) -> dict[str, CustomerFigures]:
    """The figures of every known customer with a completed or a returned line."""
    of_customers = [line for line in counted(lines) if line.customer is not None]
    sales = sales_by(of_customers, lambda line: str(line.customer))
    days: dict[str, set[dt.date]] = defaultdict(set)
    for line in of_customers:
        if line.status == "completed":
            days[str(line.customer)].add(line.day)
    buyers = sorted(days)
    r_scores = scores({one: max(days[one]).toordinal() for one in buyers})
    f_scores = scores({one: sales[one].orders for one in buyers})
    m_scores = scores({one: sales[one].gross_revenue for one in buyers})
    found = {}
    for customer, figures in sales.items():
        recency = (as_of_date - max(days[customer])).days if customer in days else None
        is_active = recency is not None and recency <= INACTIVE_AFTER_DAYS
        found[customer] = CustomerFigures(
            sales=figures,
            first_order_date=min(days[customer], default=None) if customer in days else None,
            last_order_date=max(days[customer], default=None) if customer in days else None,
            order_days=len(days[customer]) if customer in days else 0,
            r_score=r_scores.get(customer),
            f_score=f_scores.get(customer),
            m_score=m_scores.get(customer),
            recency_days=recency,
            is_active=is_active,
            is_at_risk=m_scores.get(customer, 0) >= 4 and not is_active,
        )
    return found


def scores(values: Mapping[str, int | Decimal]) -> dict[str, int]:
    """1 + floor(5 x percent_rank), at most 5; percent_rank is the share of the others that are less."""
    others = max(len(values) - 1, 1)
    less_than: dict[int | Decimal, int] = {}
    for place, value in enumerate(sorted(values.values())):
        less_than.setdefault(value, place)
    return {
        one: min(1 + int(5 * Fraction(less_than[value], others)), 5)
        for one, value in values.items()
    }


def abc_classes(products: Mapping[str, Sales]) -> dict[str, str]:
    """A up to 80 % of all gross revenue from the best seller down, B up to 95 %, C the rest."""
    whole = sum((one.gross_revenue for one in products.values()), NOTHING)
    classes, so_far = {}, NOTHING
    for product in sorted(products, key=lambda one: (-products[one].gross_revenue, one)):
        so_far += products[product].gross_revenue
        share = Fraction(so_far) / Fraction(whole)
        classes[product] = (
            "A" if share <= Fraction(80, 100) else "B" if share <= Fraction(95, 100) else "C"
        )
    return classes


def fm_score(f_score: int, m_score: int) -> int:
    """The mean of both, a half rounded up."""
    return (f_score + m_score + 1) // 2
