"""What is asked on a terminal; an answer that cannot be is asked for again, with what is wrong with it."""

from __future__ import annotations

import os
import select
import signal
import sys
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
        said = _line(f"{question} [{default}]" if default else question)
        try:
            return read(said or default)
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
    """A secret, which is not shown; an empty one is asked for again."""
    if os.name == "nt" or not sys.stdin.isatty():
        return str(typer.prompt(question, hide_input=True))
    said = ""
    while not said:
        with _unseen():
            typer.echo(f"{question}: ", nl=False)
            _wait_for_a_line()
            # Not input(): where there is a history of typed lines, it would go into it.
            line = sys.stdin.readline()
        typer.echo()
        if not line:
            raise typer.Abort
        said = line.strip()
    return said


def confirm(question: str, *, default: bool) -> bool:
    """Yes or no."""
    answers = {"y": True, "yes": True, "n": False, "no": False, "": default}
    while True:
        said = _line(f"{question} [{'Y/n' if default else 'y/N'}]").lower()
        if said in answers:
            return answers[said]
        console.print("Please answer y or n.")


def _line(question: str) -> str:
    """The line that is typed, without blanks around it; a Ctrl-C is heard also just before it is waited for.

    Python's input, and with it Typer's questions, notes a signal that comes in the moment before it begins
    to wait, and looks at the note when there is a line: that Ctrl-C would be lost.
    """
    typer.echo(f"{question}: ", nl=False)
    if os.name != "nt" and sys.stdin.isatty():
        _wait_for_a_line()
    try:
        return input().strip()
    except EOFError:
        typer.echo()
        raise typer.Abort from None


@contextmanager
def _unseen() -> Iterator[None]:
    """The terminal does not show what is typed, and throws away what was typed before."""
    import termios  # Windows has none

    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    unseen = [*before]
    unseen[3] &= ~termios.ECHO
    try:
        termios.tcsetattr(terminal, termios.TCSAFLUSH, unseen)
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSAFLUSH, before)


def _wait_for_a_line() -> None:
    """Return when a line can be read, or a signal came: its note is in the pipe before Python looks."""
    noted, note = os.pipe()
    os.set_blocking(note, False)
    former = signal.set_wakeup_fd(note)
    try:
        select.select([sys.stdin, noted], [], [])
    finally:
        signal.set_wakeup_fd(former)
        os.close(noted)
        os.close(note)
