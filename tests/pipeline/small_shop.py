"""A shop of ten receipt lines and three clients, in a copy of the project: quick to run whole."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from tests.conftest import ROOT, Till, copy_project

PURCHASES = """\
receipt_no,purchase_date,client_id,sku,product,category,quantity,unit_price,discount,currency
R1,2024-01-02 09:46:00,C1,SKU-1,Polenta,Pantry,1,3.40,0.00,EUR
R1,2024-01-02 09:46:00,C1,SKU-2,Chocolate,Sweets,2,3.90,0.00,EUR
R2,2024-01-09 17:03:00,C2,SKU-1,Polenta,Pantry,4,3.40,1.00,EUR
R3,2024-02-01 10:00:00,,SKU-3,Dripper,Coffee,1,18.50,0.00,EUR
R4,2024-02-14 11:30:00,C1,SKU-2,Chocolate,Sweets,5,3.90,0.00,EUR
R5,2024-03-05 12:15:00,C3,SKU-1,Polenta,Pantry,2,3.40,0.00,EUR
R6,2024-03-06 12:15:00,C3,SKU-1,Polenta,Pantry,-1,3.40,0.00,EUR
R7,2024-03-20 18:00:00,C2,SKU-3,Dripper,Coffee,1,18.50,0.00,EUR
R8,2024-03-28 18:30:00,C1,SKU-2,Chocolate,Sweets,1,3.90,0.00,EUR
R9,2024-04-02 09:10:00,C2,SKU-1,Polenta,Pantry,3,3.40,0.00,EUR
"""
# 3.40 + 7.80 + 12.60 + 18.50 + 19.50 + 6.80 - 3.40 + 18.50 + 3.90 + 10.20
NET_REVENUE = "97.80"
CLIENTS = """\
client_id,name,email,country,signup_date
C1,Elena Villalba,elena@example.com,SPAIN,2023-07-01 08:11:00
C2,Irene Robles,irene@example.com,FR,2023-07-02 09:17:00
C3,Diego Olmo,,ES,2023-07-04 08:39:00
"""


@dataclass(frozen=True)
class SmallShop:
    """The copy of the project; `sources` is the sources file to run it with."""

    root: Path
    sources: str = "shop.yml"

    @property
    def purchases(self) -> Path:
        """The export that the tests change."""
        return self.root / "inputs" / "purchases.csv"

    def run(self, till: Till, *arguments: str, **environ: str) -> Any:
        """`till run` over the shop's sources file."""
        return till(self.root, "run", "--sources", self.sources, *arguments, environ=environ)

    def edit_sources(self, old: str, new: str) -> None:
        """Change the sources file, which must hold `old`."""
        path = self.root / self.sources
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    def current_release(self) -> str:
        """Id of the release that readers use."""
        current = json.loads((self.root / "lake" / "current.json").read_text())
        return str(current["release_id"])

    def released(self, figure: str, mart: str) -> Any:
        """A figure of a mart, as readers of the current release see it."""
        folder = self.root / "lake" / "releases" / self.current_release()
        record = json.loads((folder / "release.json").read_text())
        files = [str(folder / file["path"]) for file in record["marts"][mart]["files"]]
        return duckdb.sql(
            f"select {figure} from read_parquet({files!r}, hive_partitioning = false)"
        ).fetchall()[0][0]


# Some of the unit tests, which are about the models alone, are enough to see when a run has them.
SOME_UNIT_TESTS = """
unit_tests:
  tillhouse:
    +enabled: false
    marts: {sales: {+enabled: true}}
"""


def make_small_shop(root: Path) -> SmallShop:
    """Write the inputs and the sources file into a copy of the project at `root`."""
    copy_project(root)
    with (root / "dbt_project.yml").open("a", encoding="utf-8") as declared_project:
        declared_project.write(SOME_UNIT_TESTS)
    (root / "inputs").mkdir()
    (root / "inputs" / "purchases.csv").write_text(PURCHASES)
    (root / "inputs" / "clients.csv").write_text(CLIENTS)
    declared = (ROOT / "ingest" / "sources.yml").read_text()
    shop_alone = declared[: declared.index("  - name: webshop")]
    (root / "shop.yml").write_text(
        shop_alone.replace("demo: {folder: demo}\n", "").replace("demo/shop/", "inputs/")
    )
    return SmallShop(root)
