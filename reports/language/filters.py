"""Filters of a page, as an author writes them; the page's script applies them without a server."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from configuration.yaml_file import Block

Compare = Literal["previous", "previous_year"]
Preset = Literal[
    "7d", "30d", "90d", "3m", "6m", "12m", "mtd", "qtd", "ytd", "last_month", "last_year", "all"
]


class Filter(Block):
    """A choice that readers have: over every filterable dataset with a column of this name."""

    field: str
    kind: Literal["date_range", "one", "many"]
    label: str | None = None
    presets: list[Preset] = Field([], description="Ranges to choose with one click.")
    default: str | list[str] | None = Field(
        None, description="What is chosen at first: a preset, a value, or values; all if absent."
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.presets and self.kind != "date_range":
            raise ValueError("`presets` go with `kind: date_range`")
        is_range = self.kind == "date_range" and self.default is not None
        if is_range and self.default not in self.shown_presets:
            raise ValueError(f"`default` must be one of {', '.join(self.shown_presets)}")
        if self.kind == "one" and isinstance(self.default, list):
            raise ValueError("`kind: one` has one value as its `default`")
        return self

    @property
    def shown_presets(self) -> list[str]:
        """The presets that are offered; all of time is always among them."""
        chosen: list[str] = list(self.presets or ("30d", "3m", "12m", "ytd"))
        return chosen if "all" in chosen else [*chosen, "all"]
