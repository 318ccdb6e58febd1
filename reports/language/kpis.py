"""Figures with their change, as an author writes them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from reports.formats import FormatName
from reports.language.filters import Compare
from reports.language.items import Item
from reports.language.named import Named, Used, named
from reports.language.names import Grain


class Kpis(Item):
    """A row of figures with change and sparkline."""

    type: Literal["kpis"]
    dataset: str
    time: str | None = Field(
        None,
        description="The date column; the last one in the dataset is the period shown. All rows if absent.",
    )
    grain: Grain = "month"
    metrics: list[str] = Field(min_length=1, max_length=8)
    compare: list[Compare] | None = Field(
        None, description="What to compare with; that of the page or the site if absent."
    )
    incomplete: str | None = Field(
        None, description="Boolean column: a period in which it is true is compared with nothing."
    )
    sparkline: bool = True
    format: FormatName | None = Field(None, description="How the periods are written.")


def kpi_columns(item: Kpis) -> list[Named]:
    """The columns that the item names."""
    time = [Named(("time",), item.time, "a date")] if item.time else []
    return [
        *time,
        *named(("incomplete",), item.incomplete, "true or false"),
    ]


def kpi_metrics(item: Kpis) -> list[Used]:
    """The metrics that the item shows."""
    return [Used(("metrics", index), name) for index, name in enumerate(item.metrics)]
