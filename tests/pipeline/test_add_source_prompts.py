"""`till add-source` on a terminal: what it asks, what becomes of wrong answers, and of Ctrl-C."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.conftest import ROOT, copy_project
from tests.pipeline.scripted_api import Asked, Reply, as_json, scripted_api
from tests.pipeline.test_add_source_files import SMALL

SECRET = "s3cret-of-the-shop"  # pragma: allowlist secret
SECONDS = 60
CTRL_C = "\x03"


@dataclass
class Terminal:
    """The command on a pseudo-terminal; `text` is all that it showed."""

    process: subprocess.Popen[bytes]
    master: int
    text: str = ""
    read: int = 0  # how much of it was waited for

    def until(self, words: str) -> None:
        """Read on to the end of `words`."""
        while words not in self.text[self.read :]:
            ready, _, _ = select.select([self.master], [], [], SECONDS)
            assert ready, f"it does not say '{words}': {self.text}"
            try:
                piece = os.read(self.master, 65536)
            except OSError:  # the other end is closed
                piece = b""
            assert piece, f"it ended without '{words}': {self.text}"
            self.text += piece.decode(errors="replace")
        self.read = self.text.index(words, self.read) + len(words)

    def answer(self, question: str, answer: str) -> None:
        """Wait for a question, and type."""
        self.until(question)
        os.write(self.master, f"{answer}\n".encode() if answer != CTRL_C else CTRL_C.encode())

    def answer_unseen(self, question: str, answer: str) -> None:
        """Type once the terminal shows no letters; what is typed earlier is thrown away."""
        self.until(question)
        deadline = time.monotonic() + SECONDS
        while termios.tcgetattr(self.master)[3] & termios.ECHO:
            assert time.monotonic() < deadline, f"it shows what is typed: {self.text}"
            select.select([self.master], [], [], 0.01)
        os.write(self.master, f"{answer}\n".encode())

    def end(self) -> int:
        """Read to the end; gives the exit code."""
        while True:
            ready, _, _ = select.select([self.master], [], [], SECONDS)
            assert ready, f"it does not end: {self.text}"
            try:
                piece = os.read(self.master, 65536)
            except OSError:
                break
            if not piece:
                break
            self.text += piece.decode(errors="replace")
        return self.process.wait(SECONDS)


@contextmanager
def terminal(project: Path, arguments: Sequence[str]) -> Iterator[Terminal]:
    with program(project, ["-m", "till", "add-source", *arguments]) as shown:
        yield shown


@contextmanager
def program(project: Path, arguments: Sequence[str]) -> Iterator[Terminal]:
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(project), "NO_COLOR": "1", "TERM": "dumb"},
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        preexec_fn=_own_terminal,  # noqa: PLW1509 - no thread of a test holds a lock that it needs
    )
    os.close(slave)
    shown = Terminal(process, master)
    try:
        yield shown
    finally:
        process.kill()
        process.wait()
        os.close(master)


def _own_terminal() -> None:
    """Make the pseudo-terminal the one from which Ctrl-C comes."""
    import fcntl  # noqa: PLC0415 - in the child, between fork and exec

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = copy_project(tmp_path / "project")
    (root / "ingest" / "sources.yml").write_text(SMALL)
    (root / "data").mkdir()
    return root


def written(project: Path) -> dict[Path, bytes]:
    files = [project / "dbt_project.yml", project / "ingest" / "sources.yml"]
    files += (project / "models").rglob("*.*")
    return {path: path.read_bytes() for path in files}


def test_answers_decide_and_wrong_ones_are_asked_for_again(project: Path) -> None:
    sales = "Ticket,When,SKU,Qty,Price\n1,04/05/2024,OIL,1,2.5\n2,05/05/2024,OIL,1,2.5\n"
    (project / "data" / "stall.csv").write_text(sales)
    with terminal(project, ["stall", "data/stall.csv", "--table", "sales"]) as shown:
        shown.answer("It is [none]:", "orderlines")
        shown.until("Did you mean 'order_lines'?")
        shown.answer("It is [none]:", "order_lines")
        shown.answer("Which of them is the ordered_at:", "Whenn")
        shown.until("Did you mean 'When'?")
        shown.answer("Which of them is the ordered_at:", "When")
        shown.until("may be read in more than one way")
        shown.answer("date_format (empty: not said):", "dd/dd/yyyy")
        shown.until("--dialect date_format")
        shown.answer("date_format (empty: not said):", "dd/mm/yyyy")
        shown.answer("Currency of its prices [EUR]:", "Pound")
        shown.until("Say it with three letters")
        shown.answer("Currency of its prices [EUR]:", "gbp")
        shown.answer("Country of its sales (empty: unknown):", "GB")
        shown.answer("Keep the demo shop beside it? [y/N]:", "n")
        shown.answer("Clock of the business [UTC]:", "Europe/Londn")
        shown.until("Did you mean 'Europe/London'?")
        shown.answer("Clock of the business [UTC]:", "Europe/London")
        shown.answer("files? [Y/n]:", "")
        assert shown.end() == 0, shown.text
    document = YAML(typ="safe").load((project / "ingest" / "sources.yml").read_text())
    assert document["vars"] == {"reporting_currency": "GBP", "business_timezone": "Europe/London"}
    (source,) = document["sources"]
    assert source["tables"][0]["dialect"] == {"date_format": "dd/mm/yyyy"}
    staging = (project / "models/staging/stall/stg_stall__sales.sql").read_text()
    assert "'GBP' as currency" in staging
    assert "'GB' as country" in staging


@pytest.mark.parametrize(
    ("stop", "says"),
    [
        (lambda shown: shown.answer("files? [Y/n]:", "n"), "Nothing was written."),
        (lambda shown: shown.answer("files? [Y/n]:", CTRL_C), "Nothing was written."),
    ],
    ids=["no", "ctrl-c"],
)
def test_nothing_is_written_before_the_last_yes(
    project: Path, stop: Callable[[Terminal], None], says: str
) -> None:
    (project / "data" / "a.csv").write_text("a\n1\n")
    before = written(project)
    with terminal(project, ["a", "data/a.csv"]) as shown:
        shown.answer("It is [none]:", "")
        shown.answer("Keep the demo shop beside it? [y/N]:", "y")
        stop(shown)
        shown.end()
        assert says in shown.text
    assert written(project) == before


# The moment is short: before it was guarded, one Ctrl-C of some hundreds was lost.
TIMES = 1000
# Asks as often as it is told; each Ctrl-C is told. `elsewhere`: the system hands it to another thread, so that
# it never interrupts the wait for the answer, as one that comes just before that wait does not either.
ASKING = """
import signal, sys, threading
from configuration.errors import StopAsked
from till.add_source.questions import ask_hidden, confirm

def stop(*_):
    raise StopAsked

signal.signal(signal.SIGINT, stop)
kind, where, times = sys.argv[1:]
if where == "elsewhere":
    threading.Thread(target=threading.Event().wait, daemon=True).start()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
for number in range(int(times)):
    try:
        if kind == "shown":
            confirm(f"Question {number}", default=True)
        else:
            ask_hidden(f"Question {number} [Y/n]")
    except StopAsked:
        print(f"heard {number}.", flush=True)
"""


@pytest.mark.parametrize(
    ("answers_are", "where", "times"),
    [("shown", "here", TIMES), ("shown", "elsewhere", 5), ("hidden", "elsewhere", 5)],
)
def test_a_ctrl_c_that_comes_with_the_question_is_heard(
    answers_are: str, where: str, times: int
) -> None:
    with program(ROOT, ["-c", ASKING, answers_are, where, str(times)]) as shown:
        for number in range(times):
            shown.answer(f"Question {number} [Y/n]:", CTRL_C)
            shown.until(f"heard {number}.")
        assert termios.tcgetattr(shown.master)[3] & termios.ECHO, "what is typed stays hidden"
        shown.end()


def shop_api(asked: Asked) -> Reply:
    if asked.authorization != f"Bearer {SECRET}":
        return as_json({"error": "who are you?"}, 401)
    if set(asked.parameters) - {"since"}:
        return as_json({"error": "unknown parameter"}, 400)
    return as_json([{"id": 1, "email": "a@a.es", "updated_at": "2024-05-01T10:00:00Z"}])


def test_an_api_asks_for_its_token_and_for_the_parameter_of_its_cursor(project: Path) -> None:
    with (
        scripted_api(shop_api) as api,
        terminal(project, ["web", f"{api.url}/v1/customers"]) as shown,
    ):
        shown.until("the API wants to know who asks (401)")
        shown.answer("Environment variable that holds the token:", "not a name")
        shown.until("this is no name of an environment variable")
        shown.answer("Environment variable that holds the token:", "UNSET_SHOP_TOKEN")
        shown.answer_unseen("written nowhere):", SECRET)
        shown.until("Set UNSET_SHOP_TOKEN before the next run.")
        shown.answer("It is [customers]:", "")
        shown.answer("what changed since a moment (empty: none):", "from")
        shown.until("the API refuses the request (400 Bad Request)")
        shown.answer("what changed since a moment (empty: none):", "since")
        shown.answer("Keep the demo shop beside it? [y/N]:", "y")
        shown.answer("files? [Y/n]:", "")
        assert shown.end() == 0, shown.text
        assert SECRET not in shown.text
    assert not any(SECRET.encode() in content for content in written(project).values())
    source = YAML(typ="safe").load((project / "ingest" / "sources.yml").read_text())["sources"][1]
    assert source["auth"] == {"type": "bearer", "token": "${UNSET_SHOP_TOKEN}"}
    assert source["tables"][0]["cursor"]["param"] == "since"
