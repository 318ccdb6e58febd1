"""The `dialect` block of a CSV table: each part that it names is pinned, the others are found in each file."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from configuration.yaml_file import Block
from ingest.rows.text_forms import THOUSANDS, has_time, may_be_confused, strptime_format

_WORDS = {"tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " ", "none": ""}
_NO_LINE = "\r\n\0"


def _character(value: object) -> object:
    return _WORDS.get(value.lower(), value) if isinstance(value, str) else value


def _one(text: str) -> str:
    if len(text) != 1 or text in _NO_LINE:
        raise ValueError("must be one character, or the word tab, space, comma, semicolon or pipe")
    return text


def _quote(text: str) -> str:
    if text and (len(text) != 1 or not text.isascii() or text.isalnum() or text in _NO_LINE):
        raise ValueError("must be one sign such as \" or ', or none")
    return text


def _encoding(name: str) -> str:
    try:
        found = codecs.lookup(name).name
        "a".encode(found)
    except LookupError:
        raise ValueError(
            "is no encoding; try utf-8, utf-16, windows-1252, iso-8859-15 or cp850"
        ) from None
    return "utf-8" if found in ("utf-8-sig", "ascii") else found


def _thousands(text: str) -> str:
    if text and text not in THOUSANDS:
        raise ValueError("must be a point, a comma, a space, an apostrophe, or none")
    return text


def _formats(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _distinct(formats: Sequence[str]) -> tuple[str, ...]:
    made = tuple(strptime_format(each) for each in formats)
    twins = may_be_confused(made)
    if twins:
        raise ValueError(f"{twins[0]} and {twins[1]} read the same text as different days")
    return made


def _dates(formats: tuple[str, ...]) -> tuple[str, ...]:
    timed = [each for each in formats if has_time(each)]
    if timed:
        raise ValueError(f"{timed[0]} has a time; a date has none (timestamp_format has)")
    return formats


Formats = Annotated[
    tuple[str, ...],
    BeforeValidator(_formats, json_schema_input_type=str | list[str]),
    AfterValidator(_distinct),
]
OneCharacter = Annotated[str, BeforeValidator(_character), AfterValidator(_one)]


class DialectBlock(Block):
    """How the files are written. What is not said here is found in each file."""

    delimiter: OneCharacter | None = Field(
        None, description="What separates the values: ',', ';', '|', tab."
    )
    quote: Annotated[str, BeforeValidator(_character), AfterValidator(_quote)] | None = Field(
        None, description="What encloses values: a double or single quote, or none."
    )
    escape: Annotated[str, AfterValidator(_quote)] | None = Field(
        None, description="What stands before a quote within a value: the quote itself, or '\\'."
    )
    encoding: Annotated[str, AfterValidator(_encoding)] | None = Field(
        None, description="utf-8, utf-16, windows-1252, iso-8859-15 or another that Python knows."
    )
    decimal: Literal[".", ","] | None = Field(None, description="What stands before the decimals.")
    thousands: Annotated[str, BeforeValidator(_character), AfterValidator(_thousands)] | None = (
        Field(None, description="What groups digits by three: '.', ',', space, \"'\", or none.")
    )
    date_format: Annotated[Formats, AfterValidator(_dates)] | None = Field(
        None, description="Like dd.mm.yyyy or %d.%m.%Y; or a list of them."
    )
    timestamp_format: Formats | None = Field(
        None, description="Like dd.mm.yyyy hh:mm:ss or %d.%m.%Y %H:%M:%S; or a list of them."
    )
    header: bool = Field(True, description="false: no header; the columns are in the order below.")
    header_row: int | None = Field(None, ge=1, description="The line of the header, from 1.")
    preamble_lines: int | None = Field(
        None, ge=0, description="How many lines above the header, or above the first row, to skip."
    )
    footer_rows: int | None = Field(
        None, ge=0, description="How many lines at the end to leave out, such as a total."
    )
    footer: str | None = Field(
        None, min_length=1, description="The beginning of the first line of the footer: 'Total;'."
    )

    @property
    def lines_above(self) -> int | None:
        """How many lines are skipped; None when that is to be found out."""
        return self.header_row - 1 if self.header_row else self.preamble_lines

    @model_validator(mode="after")
    def _parts_agree(self) -> DialectBlock:
        if self.header_row and (not self.header or self.preamble_lines is not None):
            raise ValueError("header_row stands alone: without header: false and preamble_lines")
        if self.footer and self.footer_rows is not None:
            raise ValueError("say either footer or footer_rows")
        if self.delimiter is not None and self.delimiter in (self.quote, self.escape):
            raise ValueError("the delimiter cannot be the quote or the escape too")
        if self.thousands and self.thousands == (self.decimal or ""):
            raise ValueError("the thousands separator and the decimal sign are the same")
        return self


FOUND_OUT = DialectBlock()
