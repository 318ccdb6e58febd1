"""A table that arrives as files, as work to be done or to be told: the same for every kind of file."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from configuration.errors import PlainError
from ingest.files.file_table import FileOutcome, FileTask, load_files
from ingest.files.input_files import Choice, Decided
from ingest.files.known_files import File, KnownFiles
from ingest.plans import PlannedFile, TablePlan
from ingest.results import Load, LoadContext, PlanContext


@dataclass(frozen=True)
class FileWork:
    """`path` is as declared; `prepare` reads the files for a load, `look` only says what one would do."""

    source: str
    kind: str
    names: tuple[str, ...]
    path: str
    prepare: Callable[[FileTask], FileOutcome]
    look: Callable[[FileTask], tuple[PlannedFile, ...]]

    def load(self, context: LoadContext, spool: Path) -> Load:
        """Load what is new; raises PlainError when no file can be loaded."""
        return load_files(context, (self.source, self.kind), self.names, spool, self.prepare)

    def plan(self, context: PlanContext) -> TablePlan:
        """What a load would do with each file."""
        live = tuple(tuple(context.manifest.live_inputs(self.source, name)) for name in self.names)
        name = self.names[0]
        try:
            # What is compressed is unpacked to be looked at, but not into the lake.
            with tempfile.TemporaryDirectory() as folder:
                task = FileTask(
                    self.source,
                    self.kind,
                    self.names,
                    "",
                    context.root,
                    Path(folder),
                    live,
                    context.reload,
                    window=context.window,
                    is_dry=True,
                    sources=context.sources,
                )
                files = (*self.look(task), *_left_out(task))
                files = tuple(sorted(files, key=lambda file: file.path))
                return TablePlan(self.source, name, self.kind, files=files)
        except PlainError as error:
            return TablePlan(self.source, name, self.kind, problem=str(error))
        except OSError as error:
            problem = PlainError(
                f"the files cannot be read ({error.strerror or error})",
                where=self.path,
                remedy="Check that they are there and that you may read them.",
            )
            return TablePlan(self.source, name, self.kind, problem=str(problem))


def _left_out(task: FileTask) -> list[PlannedFile]:
    return [
        PlannedFile(path, "outside", _size(task.root / path), why)
        for path, why in task.left_out.items()
    ]


def planned_known(files: KnownFiles[File], root: Path) -> tuple[PlannedFile, ...]:
    """What would become of files that were looked at whole."""
    found = planned(files.choose(), files.of_old, files.refusals.reasons, root)
    return tuple(sorted((*found, *files.found.told), key=lambda file: file.path))


def planned(
    choice: Choice[Any], of_old: Sequence[str], refused: Mapping[str, PlainError], root: Path
) -> tuple[PlannedFile, ...]:
    """What would become of each file that was looked at, sorted by its path."""
    found = [
        PlannedFile(each.input.path, each.what, each.input.bytes, _why(each))
        for each in choice.files
    ]
    found += [
        PlannedFile(path, "known", _size(root / path), "does not fit any more, but was loaded")
        for path in of_old
    ]
    found += [
        PlannedFile(path, "refused", _size(root / path), str(error))
        for path, error in refused.items()
    ]
    return tuple(sorted(found, key=lambda file: file.path))


def _why(decided: Decided[Any]) -> str:
    loads = " and ".join(decided.loads)
    if decided.twin:
        return f"the same content as {decided.twin}"
    if decided.what == "known":
        return f"in load {loads}"
    return f"replaces the version of load {loads}" if loads else "not in the lake yet"


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None
