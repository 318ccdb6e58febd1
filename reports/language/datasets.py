"""Datasets: the rows that the items of a page draw, and what is expected of them."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from configuration.yaml_file import Block
from reports.language.names import Name
from reports.sql import quoted

MOST_ROWS_TO_FILTER = 50_000
BY_QUERY = "as the query says"  # the order of a query that sorts its rows itself


class Expect(Block):
    """What must hold of a dataset's rows; what does not is told on the page, or stops the build."""

    min_rows: int | None = Field(None, ge=1, description="At least as many rows.")
    not_null: list[str] = Field([], description="Columns in which no value is missing.")
    max_age: Annotated[str, Field(pattern=r"^[1-9][0-9]*d$")] | None = Field(
        None, description="`2d`: the newest date is at most two days older than the release."
    )
    date: str | None = Field(
        None, description="The date column of `max_age`; the first one if absent."
    )
    otherwise: Literal["banner", "error"] = Field(
        "banner", description="`banner` warns on the page; `error` stops the build."
    )

    @property
    def days(self) -> int | None:
        """The greatest age in days."""
        return int(self.max_age[:-1]) if self.max_age else None


class Dataset(Block):
    """Rows that items draw: a query over the marts, or columns of one mart; run once per page."""

    sql: str | None = Field(None, description="One SELECT over the marts, in DuckDB's SQL.")
    mart: Name | None = Field(None, description="Instead of `sql`: the rows of this mart.")
    fields: list[str] = Field([], description="Columns of the mart; all if absent.")
    where: str | None = Field(None, description="A condition on the rows of the mart, in SQL.")
    order: list[str] = Field(
        min_length=1,
        description="Columns to sort by, each with `desc` where wanted. Ties follow all columns.",
    )
    limit: int | None = Field(None, ge=1, description="Keep this many rows, after sorting.")
    personal_data: bool = Field(
        False, description="Must be true for a query that shows customers' names or e-mails."
    )
    filterable: bool = Field(
        False, description="Its rows go with the page, so that the page's filters reach its items."
    )
    expect: Expect | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.sql is None) == (self.mart is None):
            raise ValueError("write either `sql` or `mart`")
        if self.sql is not None and (self.fields or self.where):
            raise ValueError("`fields` and `where` go with `mart`; write them into the `sql`")
        return self

    @property
    def query(self) -> str:
        """The SELECT that gives the rows."""
        if self.mart is None:
            return self.sql or ""
        columns = ", ".join(quoted(name) for name in self.fields) or "*"
        condition = f"\nwhere {self.where}" if self.where else ""
        return f"select {columns}\nfrom {quoted(self.mart)}{condition}"

    @property
    def query_key(self) -> str:
        """The key under which the author wrote the query."""
        return "sql" if self.mart is None else "mart"
