"""What a database refuses or breaks off, told in one sentence.

Never libpq's own text about a connection: it quotes parts of the address. What the server itself says (its
first line) is shown where no sentence of ours fits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from configuration.errors import PlainError

_SERVER_SAYS = re.compile(r"\b(?:ERROR|FATAL|PANIC):\s+([^\n]+)")
# For servers that speak another language: the severity is some capitals.
_SERVER_SAYS_ELSE = re.compile(r"(?:\]: |COPY: |query: )[A-ZÀ-Þ]{4,}:\s+([^\n]+)")
_LATER = "Run it again later; nothing was loaded."
_REASONS = (
    "connection refused",
    "name or service not known",
    "temporary failure in name resolution",
    "no such file or directory",
    "timeout expired",
    "no route to host",
    "network is unreachable",
    "server closed the connection unexpectedly",
    "server does not support ssl",
    "certificate verify failed",
    "root certificate file",
)


@dataclass(frozen=True)
class Place:
    """Where messages say it was: the table, the variables that hold the credentials, and what hides values."""

    where: str
    variables: Sequence[str]
    hide: Callable[[str], str]

    @property
    def given(self) -> str:
        """Where the connection is written down."""
        names = " and ".join(dict.fromkeys(self.variables))
        return f"the environment variable {names}" if names else "the source in the sources file"


def no_driver(where: str) -> PlainError:
    """The driver is an extra."""
    return PlainError(
        "loading from PostgreSQL needs the package adbc-driver-postgresql, which is not installed",
        where=where,
        remedy="Install the extra 'postgres': pip install 'tillhouse[postgres]'.",
    )


def no_connection(error: BaseException, place: Place) -> PlainError:
    """Why there is no connection, as far as it can be said without the address."""
    text = str(error)
    said = _SERVER_SAYS.search(text)
    if said is not None:
        if "authentication failed" in said[1] or "no password supplied" in text:
            what = "the database refuses the credentials"
        else:
            what = f"the database refuses the connection ({place.hide(said[1].strip())})"
        return PlainError(what, where=place.where, remedy=f"Check {place.given}.")
    if "no password supplied" in text:
        what = "the database asks for a password, and there is none"
        return PlainError(what, where=place.where, remedy=f"Check {place.given}.")
    reason = next((each for each in _REASONS if each in text.lower()), None)
    if reason is None and "failed to connect" in text.lower() and "connection to" not in text:
        return PlainError(
            "the address of the database cannot be understood",
            where=place.where,
            remedy=f"Check {place.given}; in a password, write @ as %40, : as %3A, / as %2F and % as %25.",
        )
    return PlainError(
        f"the database cannot be reached{f' ({reason})' if reason else ''}",
        where=place.where,
        remedy=f"Check {place.given} and the network, then run it again; nothing was loaded.",
    )


def refused(error: BaseException, place: Place) -> PlainError:
    """Why a question was not answered, or not to its end."""
    state = getattr(error, "sqlstate", None) or ""
    text = str(error)
    match = _SERVER_SAYS.search(text) or _SERVER_SAYS_ELSE.search(text)
    said = place.hide(match[1].strip()) if match else ""
    what, remedy = _explained(state, said)
    return PlainError(what, where=place.where, remedy=remedy)


# By the beginning of the server's SQLSTATE (PostgreSQL's manual, appendix A); the first that fits counts.
_BY_STATE = (
    (("42P01", "3F000"), "the database has no such table", "Correct table in the sources file."),
    (
        ("42501",),
        "the database does not allow it",
        "Ask whoever runs it to grant this user SELECT on the table.",
    ),
    (
        ("25006", "0A000"),
        "the query would do more than read",
        "Write one SELECT in the sources file.",
    ),
    (("42", "22"), "the database refuses the query", "Correct it in the sources file."),
    (("57P", "08"), "the connection to the database broke off", _LATER),
)


def _explained(state: str, said: str) -> tuple[str, str]:
    shown = f" ({said})" if said else ""
    if state == "57014" or "statement timeout" in said:
        return (
            "the database did not answer within the time that is allowed",
            "Give the source a longer timeout, ask for less with a query or a cursor, or run it "
            "again later; nothing was loaded.",
        )
    for states, what, remedy in _BY_STATE:
        if state.startswith(states):
            return f"{what}{shown}", remedy
    # In the middle of a stream the driver gives no state, only what the server said.
    if not said or "terminating connection" in said:
        return f"the connection to the database broke off{shown}", _LATER
    return f"the database fails{shown}", _LATER
