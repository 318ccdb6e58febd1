"""The demo shop at a small scale, made once for all tests that load or serve it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from till.demo.generate import generate


@pytest.fixture(scope="session")
def small_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's folder: about 300 customers and 5,000 orders. To be read, never changed."""
    folder = tmp_path_factory.mktemp("small_demo")
    generate(folder, scale=0.2)
    return folder


@pytest.fixture(scope="session")
def expected(small_demo: Path) -> dict[str, Any]:
    """What the generator says it planted."""
    document: dict[str, Any] = json.loads((small_demo / "expected.json").read_text("utf-8"))
    return document
