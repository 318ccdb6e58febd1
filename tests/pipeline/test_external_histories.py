"""Random histories of a shop, with compactions between: every incremental build is what a whole one gives."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pipeline.order_history import OrderHistory
from tests.pipeline.test_compact import put_together

CUSTOMERS = ["'ann'", "'bob'", "'cid'", "null"]
CURRENCIES = ["EUR", "USD", "GBP"]


class Chance:
    """One shop's fate: what is loaded next."""

    def __init__(self, seed: int, shop: OrderHistory) -> None:
        self.random = random.Random(seed)
        self.shop = shop
        self.files = 0

    def day(self) -> str:
        return f"date '2026-{self.random.randint(1, 5):02d}-{self.random.randint(1, 28):02d}'"

    def line(self) -> str:
        order = self.random.choice(["' {} '", "'{}'"]).format(self.random.randint(1, 12))
        amount = self.random.choice(["null", str(self.random.randint(-50, 50))])
        customer, currency = self.random.choice(CUSTOMERS), self.random.choice(CURRENCIES)
        line_no = self.random.randint(1, 3)
        return f"{order}, {line_no}, {self.day()}, {customer}, '{currency}', {amount}"

    def lines(self) -> list[str]:
        return [self.line() for _ in range(self.random.randint(1, 5))]

    def load_new_files(self) -> None:
        files = {}
        for _ in range(self.random.randint(1, 2)):
            self.files += 1
            files[f"{self.files}.csv"] = self.lines()
        self.shop.load("lines", files)

    def load_a_file_again(self) -> None:
        path = f"{self.random.randint(1, self.files)}.csv"
        self.shop.load("lines", {path: self.lines()}, replaces=[path])

    def load_customers(self) -> None:
        country = self.random.choice(["ES", "FR", "IT"])
        self.shop.load(
            "customers", {"c.csv": [f"{self.random.choice(CUSTOMERS[:3])}, '{country}', 'new'"]}
        )

    def load_rates(self) -> None:
        rates = [f"'USD', {self.day()}, {self.random.randint(1, 3)}" for _ in range(10)]
        self.shop.load("rates", {"r.csv": rates})

    def step(self) -> None:
        steps: list[Callable[[], None]] = [
            self.load_new_files,
            self.load_a_file_again,
            self.load_a_file_again,
            self.load_customers,
            self.load_rates,
        ]
        for step in self.random.sample(steps, self.random.randint(1, 2)):
            step()


@pytest.mark.parametrize("seed", range(2))
def test_incremental_builds_give_what_a_whole_build_gives(
    built_shop: OrderHistory, tmp_path: Path, seed: int
) -> None:
    shop = built_shop.copy_to(tmp_path / "project")
    chance = Chance(seed, shop)
    chance.load_new_files()
    incremental = kept = 0
    messages = []
    for number in range(7):
        chance.step()
        if number % 2:
            put_together(shop.project.lake_path())
        before = shop.files()
        message = shop.build("--select", "order_lines", "orders").message("order_lines")
        assert shop.differences() == 0, f"step {number} of seed {seed}: {message}"
        messages.append(message)
        incremental += "built whole" not in message
        kept += len(shop.files().keys() - shop.rewritten(before))
    assert incremental == 7, messages
    assert kept > 0, "no file was ever kept: the test compares nothing"
