"""What is asked on a terminal; an answer that cannot be is asked for again, with what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import typer

from configuration.errors import PlainError
from till.terminal import console

Said = TypeVar("Said")


def ask(question: str, read: Callable[[str], Said], default: str = "") -> Said:
    """The answer as `read` understands it; `read` raises PlainError for one that it does not.

    An empty answer is the default.
    """
    while True:
        said = str(typer.prompt(question, default=default, show_default=bool(default)))
        try:
            return read(said.strip())
        except PlainError as error:
            console.print(str(error), markup=False)


@contextmanager
def nothing_written_if_stopped() -> Iterator[None]:
    """Say so when somebody stops it with Ctrl-C, which is no Exception."""
    try:
        yield
    except Exception:
        raise
    except BaseException:
        console.print("\nNothing was written.")
        raise


def ask_hidden(question: str) -> str:
    """A secret, which is not shown."""
    return str(typer.prompt(question, hide_input=True))


def confirm(question: str, *, default: bool) -> bool:
    """Yes or no."""
    return typer.confirm(question, default=default)
