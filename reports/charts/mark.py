"""What the module of a mark brings: its model, and how one of its charts becomes rows and a figure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from reports.charts.figure import Figure
from reports.charts.rows import Source
from reports.formats import Formatter
from reports.frames import Frame
from reports.language.annotations import Annotation
from reports.language.items import Axis, ChartItem, Measure
from reports.language.named import Named, Used

ItemT = TypeVar("ItemT", bound=ChartItem)


@dataclass(frozen=True)
class Line:
    """A value to compare with, and its name; `kind` says where it is from: `value`, `target` or `mean`."""

    value: float
    label: str
    kind: str = "value"


@dataclass(frozen=True)
class Rows:
    """The rows that a chart draws: the first field is its x; `faded` says which rows are pale.

    `lines` are drawn across it, `notes` at their days; `shapes` are outlines, as pairs of value and width,
    `totals` say which rows are sums of their own, `names` are words of the legend.
    """

    frame: Frame
    faded: Sequence[bool] = ()
    lines: Sequence[Line] = ()
    notes: Sequence[Annotation] = ()
    shapes: Sequence[Sequence[tuple[float, float]]] = ()
    totals: Sequence[bool] = ()
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Speaker:
    """What the sentence about a chart is written with."""

    formatter: Formatter
    words: Mapping[str, str]


@dataclass(frozen=True)
class Mark(Generic[ItemT]):
    """A mark: every function takes the author's item first.

    - `columns` and `metrics`: what the item names, for the checks;
    - `rows`: SQL over the dataset's table, as a frame;
    - `figure`: Plotly's traces over that frame, never empty when it is called;
    - `sentence`: what the chart shows, in parts, for those who cannot see it;
    - `place`: the SQL of what the rows of the frame stand for, by which links are found;
    - `recipe`: how the script draws it anew from filtered rows (`reports.filtering`); None: it cannot;
    - `is_fixed`: whether this item of the mark cannot, although others can.
    """

    model: type[ItemT]
    columns: Callable[[ItemT], list[Named]]
    metrics: Callable[[ItemT], list[Used]]
    rows: Callable[[ItemT, Source, Formatter], Rows]
    figure: Callable[[ItemT, Rows, Formatter], Figure]
    sentence: Callable[[ItemT, Rows, Speaker], list[str]]
    place: Callable[[ItemT, Source], str]
    recipe: Callable[[ItemT, Source], dict[str, Any]] | None = None
    is_fixed: Callable[[ItemT], bool] | None = None

    def can_be_filtered(self, item: ItemT) -> bool:
        """Whether the script can draw this item from other rows."""
        return self.recipe is not None and not (self.is_fixed and self.is_fixed(item))


def axis_recipe(axis: Axis, source: Source) -> dict[str, Any]:
    """An axis as a recipe has it."""
    found = source.axis_field(axis)
    shown = {"label": found.label, "format": found.format, "grain": axis.grain}
    return {"field": axis.field, **shown}


def measure_recipe(measure: Measure, source: Source) -> dict[str, Any]:
    """A measure as a recipe has it."""
    found = source.measure_field(measure)
    name = {"metric": measure.metric} if measure.metric else {"field": measure.field}
    return {**name, "label": found.label, "format": found.format, "emphasis": measure.emphasis}


def range_sentence(item: ChartItem, rows: Rows, speaker: Speaker) -> list[str]:
    """From where to where x goes, and how many points it has."""
    words = speaker.words
    x = rows.frame.texts(rows.frame.fields[0].name, speaker.formatter)
    return [
        words["from_to"].format(first=x[0], last=x[-1]),
        words["points"].format(count=len(x)),
    ]
