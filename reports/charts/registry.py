"""All marks of charts. The union of the language, its checks and its schema follow from CHARTS."""

from __future__ import annotations

import typing
from typing import Any

from reports.charts import (
    box,
    cohort,
    heatmap,
    histogram,
    pareto,
    scatter,
    steps,
    treemap,
    world_map,
    xy,
)
from reports.charts.mark import Mark
from reports.language.items import ChartItem

CHARTS: tuple[Mark[Any], ...] = (
    xy.MARK, heatmap.MARK, scatter.MARK, box.BOX, box.VIOLIN, histogram.MARK, cohort.MARK,
    pareto.MARK, treemap.MARK, steps.WATERFALL, steps.FUNNEL, world_map.MARK,
)  # fmt: skip


def names_of(mark: Mark[Any]) -> tuple[str, ...]:
    """What an author writes for a mark: `line`, `area` and `bar` are one."""
    return typing.get_args(mark.model.model_fields["mark"].annotation)


_BY_NAME = {name: mark for mark in CHARTS for name in names_of(mark)}


def mark_of(item: ChartItem) -> Mark[Any]:
    """How a chart is drawn."""
    return _BY_NAME[item.mark]
