"""What dbt says of its nodes in a run_results.json: which failed, and which took longest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_FINE = ("success", "pass", "no-op")


def failed_nodes(path: Path) -> list[str]:
    """Name, status and message of every node that is not well, also those skipped for another."""
    found = []
    for node in _results(path):
        if node["status"] not in _FINE:
            message = " ".join(str(node["message"] or "").split())[:300]
            found.append(f"{_name(node)} {node['status']}: {message}")
    return found


def slowest_nodes(path: Path, number: int | None) -> list[tuple[str, float]]:
    """Names and seconds of the `number` nodes that took longest, all with None."""
    seconds = [(_name(node), float(node["execution_time"])) for node in _results(path)]
    return sorted(seconds, key=lambda each: -each[1])[:number]


def _results(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        return []
    results: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["results"]
    return results


def _name(node: dict[str, Any]) -> str:
    """`fct_orders` of model.tillhouse.fct_orders; a test keeps its words, not its hash."""
    parts = str(node["unique_id"]).split(".")
    return parts[2] if parts[0] != "test" else f"test {parts[2]}"
