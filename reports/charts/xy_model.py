"""What an author writes of lines, areas and bars, and what of a dataset it names."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from configuration.yaml_file import Block
from reports.language.items import Axis, ChartItem, Measure, Series, along, measured
from reports.language.named import Named, Used, named


class ReferenceLine(Block):
    """A line across the chart to compare with."""

    value: float | None = None
    target: str | None = Field(None, description="The target of this metric.")
    mean: bool = Field(False, description="The mean of the values of the first measure.")
    label: str = ""

    @model_validator(mode="after")
    def _one_of_three(self) -> Self:
        if [self.value is not None, self.target is not None, self.mean].count(True) != 1:
            raise ValueError("name one of `value`, `target` and `mean`")
        return self


class Band(Block):
    """An interval around a line, such as that of a forecast; where it is missing, none is drawn."""

    lower: str = Field(description="The column with its lower end.")
    upper: str = Field(description="The column with its upper end.")
    label: str = ""


class XyChart(ChartItem):
    """Lines, areas or bars over an axis."""

    mark: Literal["line", "area", "bar"]
    x: Axis
    y: list[Measure] = Field(min_length=1, max_length=6)
    series: Series | None = None
    stack: bool | Literal["share"] = Field(
        False, description="Areas and bars on top of each other; `share`: each as its part of all."
    )
    horizontal: bool = Field(False, description="Bars only: lying, with the value beside each.")
    zero: bool = Field(True, description="The value axis starts at zero (bars always do).")
    faded: str | None = Field(
        None, description="Boolean column: rows drawn pale, such as a running month."
    )
    signed: bool = Field(False, description="Bars below zero take a second colour.")
    bands: list[Band] = Field(
        [],
        max_length=3,
        description="Lines only: shaded intervals, the widest first; where they overlap it is darker.",
    )
    marked: str | None = Field(
        None,
        description="Lines only: boolean column, rows whose point of the first measure is marked.",
    )
    marked_label: str = Field("", description="What the marked points are called.")
    baseline: float | None = Field(None, description="A reference line at this value.")
    baseline_label: str = ""
    reference_lines: list[ReferenceLine] = Field([], max_length=4)
    annotations: list[str] | None = Field(
        None, description="Tags of the annotations to show over dates; all if absent, [] for none."
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.series and len(self.y) > 1:
            raise ValueError("`series` goes with one measure in `y`")
        if self.horizontal and self.mark != "bar":
            raise ValueError("only bars can be horizontal")
        if (self.bands or self.marked) and (self.mark != "line" or self.series):
            raise ValueError("`bands` and `marked` go with lines without `series`")
        if self.bands and (self.x.grain or any(measure.metric for measure in self.y)):
            raise ValueError("`bands` go with columns as they are: no `grain` and no `metric`")
        if self.stack == "share" and self.mark == "line":
            raise ValueError("lines cannot be stacked: choose an area or bars")
        return self


def columns(item: XyChart) -> list[Named]:
    """The columns that the chart names, with their places."""
    shown, _ = measured([(("y", index), measure) for index, measure in enumerate(item.y)])
    series = [Named(("series", "field"), item.series.field)] if item.series else []
    pale = named(("faded",), item.faded, "true or false")
    pale += named(("marked",), item.marked, "true or false")
    bands = [
        Named(("bands", index, end), column, "a number")
        for index, band in enumerate(item.bands)
        for end, column in (("lower", band.lower), ("upper", band.upper))
    ]
    return [*shown, *along(("x",), item.x), *series, *pale, *bands]


def metrics(item: XyChart) -> list[Used]:
    """The metrics that it names, those of its targets too."""
    _, shown = measured([(("y", index), measure) for index, measure in enumerate(item.y)])
    targets = [
        Used(("reference_lines", index, "target"), line.target)
        for index, line in enumerate(item.reference_lines)
        if line.target
    ]
    return [*shown, *targets]
