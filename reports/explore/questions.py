"""Questions to begin with. One is shown where its query fits the marts that are there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from reports.explore.database import ExploredMart
from reports.sql import quoted


@dataclass(frozen=True)
class Question:
    """What is asked, in words and in SQL."""

    text: str
    sql: str


QUESTIONS = (
    Question(
        "Which months brought most?",
        "select month_start, net_revenue, orders, customers\nfrom sales_monthly\nwhere is_complete\n"
        "order by net_revenue desc\nlimit 12",
    ),
    Question(
        "Which weekday sells best?",
        "select dayname(order_date) as day_name, sum(net_revenue) as net_revenue,\n"
        "    round(avg(orders), 1) as orders_a_day\nfrom sales_daily\n"
        "group by dayname(order_date), isodow(order_date)\norder by isodow(order_date)",
    ),
    Question(
        "Which products sell most?",
        "select product_name, category, units, net_revenue\nfrom product_kpis\n"
        "order by net_revenue desc\nlimit 20",
    ),
    Question(
        "Where do orders go, and how large are they?",
        "select country_name, orders, net_revenue, average_order_value\nfrom country_kpis\n"
        "order by net_revenue desc",
    ),
    Question(
        "How many customers bought once, twice, more often?",
        "select least(orders, 10) as orders, count(*) as customers, sum(net_revenue) as net_revenue\n"
        "from customer_kpis\nwhere orders > 0\ngroup by all\norder by 1",
    ),
    Question(
        "How large are orders?",
        "select floor(gross_revenue / 10) * 10 as from_amount, count(*) as orders\nfrom fct_orders\n"
        "where is_completed\ngroup by all\norder by 1",
    ),
)


def fitting(marts: Sequence[ExploredMart]) -> list[Question]:
    """The questions whose queries these marts can answer."""
    with duckdb.connect() as connection:
        for mart in marts:
            columns = ", ".join(f"{quoted(name)} {kind}" for name, kind in mart.columns)
            connection.execute(f"create table {quoted(mart.name)} ({columns})")
        return [question for question in QUESTIONS if _fits(connection, question)]


def _fits(connection: duckdb.DuckDBPyConnection, question: Question) -> bool:
    try:
        connection.sql(f"describe {question.sql}")
    except duckdb.Error:
        return False
    return True
