"""Errors for people: what is wrong, where, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_BUSY = 3


class PlainError(Exception):
    """Something a person can mend; the command prints it as one sentence, without a traceback.

    `what` is wrong, `where` (a file with its line, a table, an address) and the `remedy`.
    `exit_code` is what the command ends with: 1 failed, 2 wrong usage or configuration, 3 busy.
    """

    exit_code: int = EXIT_FAILED

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        remedy = f" {self.remedy}" if self.remedy else ""
        return f"{place}{self.what}{'' if self.what.endswith('.') else '.'}{remedy}"


class ConfigurationError(PlainError):
    """One or more problems in configuration files, all of them at once, one per line."""

    exit_code = EXIT_USAGE

    def __init__(
        self, what: str, *, where: str = "", remedy: str = "", problems: Sequence[PlainError] = ()
    ) -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.problems = tuple(problems)

    def __str__(self) -> str:
        if not self.problems:
            return super().__str__()
        return "\n".join(str(problem) for problem in self.problems)


class BusyError(PlainError):
    """Somebody else holds what is needed: another run writes to the same lake."""

    exit_code = EXIT_BUSY


class StopAsked(BaseException):
    """Ctrl-C in a command: nothing between here and its border may take it for an error."""
