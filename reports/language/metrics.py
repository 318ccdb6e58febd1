"""Metrics: figures with a name, a format and a definition; a metric may be made of others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from pydantic import Field

from configuration.yaml_file import Block
from reports.formats import FormatName
from reports.language.names import Better

_REFERENCE = re.compile(r"\{([a-z][a-z0-9_]*)\}")


class Metric(Block):
    """A figure: an aggregate over the rows of a dataset, with its name, format and definition."""

    label: str
    sql: str = Field(
        description="An aggregate such as `sum(net_revenue)`; `{other_metric}` puts in another."
    )
    format: FormatName = "num0"
    better: Better = Field("up", description="Which direction is good news.")
    additive: bool = Field(
        True, description="False where rows cannot be added up, as with distinct customers."
    )
    target: float | str | None = Field(
        None, description="What is aimed at per period: a number, or a column of the dataset."
    )
    description: str = ""


class Metrics(Mapping[str, Metric]):
    """The metrics that a page can use, by name."""

    def __init__(self, metrics: Mapping[str, Metric]) -> None:
        self._metrics = dict(metrics)

    def __getitem__(self, name: str) -> Metric:
        return self._metrics[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._metrics)

    def __len__(self) -> int:
        return len(self._metrics)

    def sql(self, name: str) -> str:
        """The SQL of a metric with the metrics that it is made of."""
        return _REFERENCE.sub(lambda match: f"({self.sql(match[1])})", self[name].sql)

    def below(self, name: str) -> set[str]:
        """The metric itself and all that it is made of; names that do not exist are left out."""
        seen: set[str] = set()
        waiting = [name]
        while waiting:
            current = waiting.pop()
            if current in self and current not in seen:
                seen.add(current)
                waiting.extend(references(self[current]))
        return seen


def references(metric: Metric) -> list[str]:
    """The names of the metrics that one is made of, in order."""
    return _REFERENCE.findall(metric.sql)
