"""Annotations: what happened on a day, written once and shown by charts over dates."""

from __future__ import annotations

import datetime

from pydantic import Field, field_validator

from configuration.yaml_file import Block


class Annotation(Block):
    """Something that explains a bump in a line."""

    date: datetime.date
    text: str = Field(min_length=1)
    tags: list[str] = Field([])

    @field_validator("date", mode="before")
    @classmethod
    def _is_a_day(cls, value: object) -> object:
        try:
            return datetime.date.fromisoformat(str(value))
        except ValueError:
            raise ValueError("write a day such as 2025-11-28") from None
