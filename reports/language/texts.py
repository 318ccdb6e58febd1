"""Texts, as an author writes them."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from reports.language.items import Item
from reports.language.names import Template


class Text(Item):
    """Markdown, or a list of sentences; one whose value is missing is left out."""

    type: Literal["text"]
    text: Template = ""
    sentences: list[Template] = Field([])

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if bool(self.text) == bool(self.sentences):
            raise ValueError("write either `text` or `sentences`")
        return self
