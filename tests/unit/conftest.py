"""The demo shop at its usual size, made once for all tests that look at its files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.demo_files import Document, Row, read_csv, read_parquet
from till.demo.generate import generate


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's folder, with the usual seed. To be read, never changed."""
    folder = tmp_path_factory.mktemp("demo")
    generate(folder)
    return folder


@pytest.fixture(scope="session")
def expected(demo: Path) -> Document:
    """What the generator says it planted."""
    document: Document = json.loads((demo / "expected.json").read_text(encoding="utf-8"))
    return document


@pytest.fixture(scope="session")
def purchases(demo: Path) -> list[Row]:
    """The till's receipt lines."""
    return read_csv(demo / "shop" / "purchases.csv")


@pytest.fixture(scope="session")
def clients(demo: Path) -> list[Row]:
    """The till's clients."""
    return read_csv(demo / "shop" / "clients.csv")


@pytest.fixture(scope="session")
def orders(demo: Path) -> list[Document]:
    """The webshop's orders with their lines."""
    return read_parquet(demo, "orders")
