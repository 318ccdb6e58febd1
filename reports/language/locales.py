"""Locales, as Babel names them."""

from __future__ import annotations

from typing import Annotated

from babel import Locale, UnknownLocaleError
from pydantic import AfterValidator, Field


def _known(name: str) -> str:
    try:
        return str(Locale.parse(name.replace("-", "_")))
    except (ValueError, UnknownLocaleError):
        raise ValueError("no such locale; write one such as en_GB, de_DE or es") from None


LocaleName = Annotated[str, AfterValidator(_known)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
