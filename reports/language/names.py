"""Words that several blocks of the language share."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Better = Literal["up", "down", "neutral"]
Grain = Literal["day", "week", "month", "quarter", "year", "30 days"]
Template = Annotated[
    str,
    Field(
        description="Text; `{dataset.column:format}` puts in a value of the dataset's first row. A part in "
        "double square brackets is left out when one of its values is missing."
    ),
]
