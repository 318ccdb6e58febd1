"""One report page is one file in `reports/pages/`: its data, its figures, and its items in sections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Union

from pydantic import Field

from configuration.yaml_file import Block, Location
from reports.charts.registry import CHARTS, mark_of
from reports.language.datasets import Dataset
from reports.language.items import ChartItem, Named, Used
from reports.language.kpis import Kpis, kpi_columns, kpi_metrics
from reports.language.metrics import Metric
from reports.language.names import Name, Template
from reports.language.tables import Table, table_columns
from reports.language.texts import Text

if TYPE_CHECKING:
    Chart = ChartItem
else:  # one model per mark, chosen by its name
    Chart = Annotated[Union[tuple(mark.model for mark in CHARTS)], Field(discriminator="mark")]  # noqa: UP007

AnyItem = Annotated[Kpis | Chart | Table | Text, Field(discriminator="type")]


class Section(Block):
    """A heading with its items."""

    title: str = ""
    intro: Template = ""
    items: list[AnyItem] = Field(min_length=1)


class PageFile(Block):
    """One report page."""

    title: str
    description: str = Field(description="One sentence: which question the page answers.")
    position: int = Field(100, description="Order in the navigation; ties by title.")
    period: Template = Field("", description="Which time the page is about, in words.")
    datasets: dict[Name, Dataset] = Field(min_length=1)
    metrics: dict[Name, Metric] = Field({})
    sections: list[Section] = Field(min_length=1)


def columns_of(item: AnyItem) -> list[Named]:
    """The dataset's columns that an item names."""
    if isinstance(item, Kpis):
        return kpi_columns(item)
    if isinstance(item, Table):
        return table_columns(item)
    return mark_of(item).columns(item) if isinstance(item, ChartItem) else []


def metrics_of(item: AnyItem) -> list[Used]:
    """The metrics that an item computes."""
    if isinstance(item, Kpis):
        return kpi_metrics(item)
    return mark_of(item).metrics(item) if isinstance(item, ChartItem) else []


def templates_of(item: AnyItem) -> list[tuple[Location, str]]:
    """The texts of an item that may hold values."""
    found: list[tuple[Location, str]] = [
        (("headline",), item.headline),
        (("subtitle",), item.subtitle),
    ]
    if isinstance(item, Text):
        found.append((("text",), item.text))
        found.extend((("sentences", index), text) for index, text in enumerate(item.sentences))
    return found
