"""Datasets: the rows that the items of a page draw."""

from __future__ import annotations

from pydantic import Field

from configuration.yaml_file import Block


class Dataset(Block):
    """Rows that items draw: a query over the marts, run once per page."""

    sql: str = Field(description="One SELECT over the marts, in DuckDB's SQL.")
    order: list[str] = Field(
        min_length=1,
        description="Columns to sort by, each with `desc` where wanted. Ties follow all columns.",
    )
    limit: int | None = Field(None, ge=1, description="Keep this many rows, after sorting.")
    personal_data: bool = Field(
        False, description="Must be true for a query that shows customers' names or e-mails."
    )
