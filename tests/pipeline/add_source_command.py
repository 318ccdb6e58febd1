"""`till add-source` in this process, from a copy of the project: many of them in the time of one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from configuration.errors import PlainError
from till.command_line import app


@dataclass(frozen=True)
class Command:
    """`add("market", "data/market", ...)`: what it printed; it asks nothing, as no terminal is there."""

    project: Path
    monkeypatch: pytest.MonkeyPatch

    def __call__(self, *arguments: str) -> str:
        """Run it, and expect that it ends well."""
        self.monkeypatch.chdir(self.project)
        done = CliRunner().invoke(app, ["add-source", *arguments])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done.output

    def refused(self, *arguments: str) -> str:
        """The sentence with which it ends, having written nothing."""
        before = self.written()
        with pytest.raises(PlainError) as error:
            self(*arguments)
        assert self.written() == before
        return str(error.value)

    def written(self) -> dict[Path, bytes]:
        """Every file of the project that it may write."""
        files = [self.project / "dbt_project.yml", self.project / "ingest" / "sources.yml"]
        files += (self.project / "models").rglob("*.*")
        return {path: path.read_bytes() for path in files}

    def text(self, path: str) -> str:
        """What stands in a file of the project."""
        return (self.project / path).read_text(encoding="utf-8")
