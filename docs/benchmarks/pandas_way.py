"""The way many small shops do it: every CSV file into one pandas table, and groupby from there.

python docs/benchmarks/pandas_way.py --drop FOLDER

Plain, not naive: types are declared where that is one word, text that repeats is a category. Money is
floating point, as it is in such scripts. Prints the figures that it has, as JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

MERCHANDISE = r"^(?:\d{5}|DCGS|SP)"
SERVICE = ("POST", "DOT", "C2", "C3")
BEST_SOLD = 500
LEAST_TOGETHER = 5
A_SHARE, B_SHARE = 0.8, 0.95


def read_lines(drop: Path) -> pd.DataFrame:
    """All lines of all files, exact copies once, with what every figure needs."""
    frames = [
        pd.read_csv(
            path,
            dtype={"InvoiceNo": str, "StockCode": str, "CustomerID": str},
            parse_dates=["InvoiceDate"],
        )
        for path in sorted(drop.glob("*.csv"))
    ]
    lines = pd.concat(frames, ignore_index=True).drop_duplicates()
    is_merchandise = lines["StockCode"].str.match(MERCHANDISE)
    is_cancelled = lines["InvoiceNo"].str.startswith("C")
    lines["amount"] = lines["Quantity"] * lines["UnitPrice"]
    lines["day"] = lines["InvoiceDate"].dt.normalize()
    lines["is_merchandise"] = is_merchandise
    is_sale = is_merchandise | lines["StockCode"].isin(SERVICE)
    returned = is_cancelled | ((lines["Quantity"] < 0) & (lines["UnitPrice"] > 0))
    completed = ~returned & (lines["Quantity"] > 0) & (lines["UnitPrice"] > 0)
    lines["is_gross"] = is_sale & completed
    lines["is_returned"] = is_sale & returned
    lines["gross"] = lines["amount"].where(lines["is_gross"], 0.0)
    lines["returns"] = -lines["amount"].where(lines["is_returned"], 0.0)
    return lines


def orders_of(lines: pd.DataFrame) -> pd.DataFrame:
    """One row per invoice."""
    return lines.groupby("InvoiceNo").agg(
        day=("day", "min"),
        customer=("CustomerID", "first"),
        country=("Country", "first"),
        lines=("StockCode", "size"),
        gross=("gross", "sum"),
        returns=("returns", "sum"),
        is_completed=("is_gross", "any"),
    )


def sales_by(orders: pd.DataFrame, period: str | pd.Grouper) -> pd.DataFrame:
    """Sales per day, week, month or country."""
    completed = orders[orders["is_completed"]].groupby(period, observed=True)
    return (
        orders.groupby(period, observed=True)[["gross", "returns"]]
        .sum()
        .join(completed["customer"].agg(orders="size", customers="nunique"))
    )


def customers_of(orders: pd.DataFrame) -> pd.DataFrame:
    """Recency, frequency, money and their scores."""
    known = orders[orders["is_completed"] & orders["customer"].notna()]
    customers = known.groupby("customer").agg(
        first=("day", "min"), last=("day", "max"), orders=("day", "size"), gross=("gross", "sum")
    )
    for score, column in (("r_score", "last"), ("f_score", "orders"), ("m_score", "gross")):
        rank = (customers[column].rank(method="min") - 1) / max(len(customers) - 1, 1)
        customers[score] = np.minimum(1 + np.floor(5 * rank), 5).astype("int64")
    return customers


def cohorts_of(orders: pd.DataFrame, customers: pd.DataFrame) -> pd.DataFrame:
    """Customers of each first month that came back in each later one."""
    known = orders[orders["is_completed"] & orders["customer"].notna()]
    months = known["day"].dt.to_period("M")
    first = known["customer"].map(customers["first"]).dt.to_period("M")
    table = pd.DataFrame({"cohort": first, "month": months, "customer": known["customer"]})
    return table.groupby(["cohort", "month"])["customer"].nunique().reset_index()


def products_of(lines: pd.DataFrame) -> pd.DataFrame:
    """Revenue, orders, customers and the ABC class of each product."""
    sold = lines[lines["is_merchandise"] & lines["is_gross"]]
    products = sold.groupby("StockCode").agg(
        gross=("gross", "sum"),
        units=("Quantity", "sum"),
        orders=("InvoiceNo", "nunique"),
        customers=("CustomerID", "nunique"),
        lowest=("UnitPrice", "min"),
        highest=("UnitPrice", "max"),
    )
    products = products.sort_values("gross", ascending=False)
    share = products["gross"].cumsum() / products["gross"].sum()
    products["abc_class"] = np.where(share <= A_SHARE, "A", np.where(share <= B_SHARE, "B", "C"))
    return products


def affinities_of(lines: pd.DataFrame, products: pd.DataFrame) -> pd.Series:
    """How often two of the best sold products are on one order."""
    best = products.nlargest(BEST_SOLD, "orders").index
    sold = lines[lines["is_gross"] & lines["StockCode"].isin(best)]
    baskets = sold[["InvoiceNo", "StockCode"]].drop_duplicates()
    pairs = baskets.merge(baskets, on="InvoiceNo")
    pairs = pairs[pairs["StockCode_x"] < pairs["StockCode_y"]]
    together = pairs.groupby(["StockCode_x", "StockCode_y"]).size()
    return together[together >= LEAST_TOGETHER]


def main() -> int:
    """Compute everything and print a few sums."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--drop", type=Path, required=True)
    arguments = parser.parse_args()
    lines = read_lines(arguments.drop)
    orders = orders_of(lines)
    daily = sales_by(orders, "day")
    sales_by(orders, pd.Grouper(key="day", freq="W-MON", label="left", closed="left"))
    monthly = sales_by(orders, pd.Grouper(key="day", freq="MS"))
    sales_by(orders, "country")
    customers = customers_of(orders)
    cohorts = cohorts_of(orders, customers)
    products = products_of(lines)
    pairs = affinities_of(lines, products)
    shares = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99]
    orders.loc[orders["is_completed"], "gross"].quantile(shares)
    lines.loc[lines["is_gross"], "UnitPrice"].quantile(shares)
    customers["gross"].quantile(shares)
    figures = {
        "lines": len(lines),
        "orders": int(orders["is_completed"].sum()),
        "net_revenue": round(float(daily["gross"].sum() - daily["returns"].sum()), 2),
        "months": len(monthly),
        "customers": len(customers),
        "cohort_cells": len(cohorts),
        "products": len(products),
        "pairs": len(pairs),
    }
    sys.stdout.write(json.dumps(figures) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
