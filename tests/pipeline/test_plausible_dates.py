"""Orders of tomorrow: set aside while no load can know them, counted once one holds them in their time."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from tests.conftest import copy_project
from tests.pipeline.lake_project import LakeProject

BUILD = (
    "build",
    "--vars",
    "{active_sources: [shop]}",
    "--exclude-resource-type",
    "test",
    "unit_test",
)
SELECTED = ("--select", "+fct_order_lines", "+int_rows_set_aside")
# Receipt R2 is of five days after the first load, and in the second, of a week later, once more.
FIRST, SECOND = datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 3, 8, tzinfo=UTC)
EARLIER = "('R1', '2024-02-29 10:00:00'), ('R2', '2024-03-06 10:00:00')"
LATER = "('R2', '2024-03-06 10:00:00'), ('R3', '2024-03-20 10:00:00')"


def load_id(moment: datetime) -> str:
    return f"{moment.timestamp():.6f}"


def load(
    project: LakeProject, moment: datetime, receipts: str, replaces: datetime | None = None
) -> None:
    file = f"{moment:%Y-%m-%d}.csv"
    project.load(
        "shop",
        "purchases",
        load_id(moment),
        "select receipt_no, purchase_date, 'C1' as client_id, 'SKU-1' as sku, 'Tea' as product, "
        "'Pantry' as category, cast(1 as decimal(18, 3)) as quantity, "
        "cast(5 as decimal(18, 4)) as unit_price, cast(0 as decimal(18, 4)) as discount, "
        f"'EUR' as currency, '{file}' as _file from (values {receipts}) as rows (receipt_no, purchase_date)",
        inputs=[file],
        supersedes=[(load_id(replaces), f"{replaces:%Y-%m-%d}.csv")] if replaces else [],
    )


def counted_and_set_aside(project: LakeProject) -> tuple[list[str], list[str]]:
    project.succeed(*BUILD, *SELECTED)
    counted = project.query("select order_id from marts.fct_order_lines order by order_id")
    aside = project.query(
        "select concat_ws(' ', row_key, reason, _load_id) from intermediate.int_rows_set_aside "
        "order by row_key"
    )
    return [row[0] for row in counted], [row[0] for row in aside]


def test_an_exact_copy_in_a_later_load_makes_a_line_plausible(tmp_path: Path) -> None:
    """And it goes again when that load's file is replaced by one without it."""
    project = LakeProject(copy_project(tmp_path / "project"))
    load(project, FIRST, EARLIER)
    r2_of_first = f"R2:SKU-1 implausible date {load_id(FIRST)}"
    assert counted_and_set_aside(project) == (["R1"], [r2_of_first])
    load(project, SECOND, LATER)
    r3_of_second = f"R3:SKU-1 implausible date {load_id(SECOND)}"
    assert counted_and_set_aside(project) == (["R1", "R2"], [r3_of_second])
    third = datetime(2024, 3, 9, tzinfo=UTC)
    load(project, third, "('R4', '2024-03-07 10:00:00')", replaces=SECOND)
    assert counted_and_set_aside(project) == (["R1", "R4"], [r2_of_first])
