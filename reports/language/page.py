"""One report page is one file in `reports/pages/`: its data, its figures, and its items in sections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, Self, Union

from pydantic import Field, model_validator

from configuration.yaml_file import Block, Location
from reports.charts.registry import CHARTS, mark_of
from reports.language.annotations import Annotation
from reports.language.datasets import Dataset
from reports.language.filters import Compare, Filter
from reports.language.items import ChartItem, Item
from reports.language.kpis import Kpis, kpi_columns, kpi_metrics
from reports.language.links import Link, link_column
from reports.language.locales import Currency, LocaleName
from reports.language.metrics import Metric
from reports.language.named import Named, Used
from reports.language.names import Name, Template
from reports.language.tables import Column, Table, table_columns, table_metrics
from reports.language.texts import Text
from reports.language.theme import Mode, Theme

if TYPE_CHECKING:
    Chart = ChartItem
else:  # one model per mark, chosen by its name
    Chart = Annotated[Union[tuple(mark.model for mark in CHARTS)], Field(discriminator="mark")]  # noqa: UP007

Plain = Annotated[Kpis | Chart | Table | Text, Field(discriminator="type")]


class Details(Item):
    """A fold: its title is always seen, what it holds when a reader opens it, and on paper."""

    type: Literal["details"]
    text: Template = ""
    items: list[Plain] = Field([])
    open: bool = Field(False, description="Open at first.")

    @model_validator(mode="after")
    def _holds_something(self) -> Self:
        if not self.text and not self.items:
            raise ValueError("write `text`, `items` or both")
        return self


AnyItem = Annotated[Kpis | Chart | Table | Text | Details, Field(discriminator="type")]


class ForEach(Block):
    """Makes the file a template: one page for each key, with its rows of every dataset that has the key."""

    dataset: str = Field(description="Where the keys come from, in its order.")
    key: str = Field(description="The column with the key; datasets that have it are split by it.")
    title: str = Field(description="The column with the name of the page; the key will do.")
    where: str | None = Field(None, description="A condition on the dataset's rows, in SQL.")
    max: int = Field(1000, ge=1, le=5000, description="Make no more pages than that.")
    list_title: str = Field("", description="The heading of the page that lists them all.")
    list_description: str = Field("", description="What stands below it.")
    columns: list[Column] = Field([], description="Of the table that lists the pages.")


class Section(Block):
    """A heading with its items."""

    title: str = ""
    intro: Template = ""
    items: list[AnyItem] = Field(min_length=1)


class PageFile(Block):
    """One report page."""

    title: str
    description: str = Field(description="One sentence: which question the page answers.")
    for_each: ForEach | None = None
    position: int = Field(100, description="Order in the navigation; ties by title.")
    period: Template = Field("", description="Which time the page is about, in words.")
    locale: LocaleName | None = Field(None, description="That of the site if absent.")
    currency: Currency | None = Field(None, description="That of the site if absent.")
    theme: Mode | Theme | None = Field(None, description="That of the site if absent.")
    compare: list[Compare] | None = Field(None, description="That of the site if absent.")
    show_yaml: bool = Field(False, description="Beside each item stands the YAML that draws it.")
    filters: list[Filter] = Field([], description="What readers can choose on this page.")
    datasets: dict[Name, Dataset] = Field(min_length=1)
    metrics: dict[Name, Metric] = Field({})
    annotations: list[Annotation] = Field([], description="Added to those of the site.")
    sections: list[Section] = Field(min_length=1)


def dataset_of(item: AnyItem) -> str | None:
    """The dataset that an item draws."""
    return item.dataset if isinstance(item, (Kpis, ChartItem, Table)) else None


def links_of(item: AnyItem) -> list[tuple[Location, Link]]:
    """The links of an item with their places in it."""
    if isinstance(item, Table):
        return [(("columns", i, "link"), c.link) for i, c in enumerate(item.columns) if c.link]
    if isinstance(item, ChartItem) and item.link:
        return [(("link",), item.link)]
    return []


def columns_of(item: AnyItem) -> list[Named]:
    """The dataset's columns that an item names."""
    if isinstance(item, Kpis):
        return kpi_columns(item)
    if isinstance(item, Table):
        return table_columns(item)
    if isinstance(item, ChartItem):
        return [*mark_of(item).columns(item), *link_column((), item.link)]
    return []


def metrics_of(item: AnyItem) -> list[Used]:
    """The metrics that an item computes."""
    if isinstance(item, Kpis):
        return kpi_metrics(item)
    if isinstance(item, Table):
        return table_metrics(item)
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
    if isinstance(item, Details):
        found.append((("text",), item.text))
    return found
