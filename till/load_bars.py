"""Bars of loads that run side by side: one per source on a terminal, nothing but its lines elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TransferSpeedColumn,
)
from rich.text import Text

if TYPE_CHECKING:
    from types import TracebackType

    from ingest.results import Meter


class _Rows(ProgressColumn):
    """Rows so far."""

    def render(self, task: Task) -> Text:
        rows = task.fields["rows"]
        return Text(f"{rows:,} rows" if rows else "", style="cyan")


class _MeteredProgress(Progress):
    """Looks at the meters each time that it is drawn, so that no load has to wait for the terminal."""

    def __init__(self, *columns: ProgressColumn, console: Console) -> None:
        self._meters: dict[str, Meter] = {}
        self._tasks_by_source: dict[str, TaskID] = {}
        super().__init__(*columns, console=console, transient=True)

    def follow(self, meter: Meter) -> None:
        """Show `meter` on its source's bar from now on."""
        if meter.source not in self._tasks_by_source:
            self._tasks_by_source[meter.source] = self.add_task("", total=None, rows=0)
        self._meters[meter.source] = meter
        self.reset(self._task_id(meter.source), description=f"{meter.source}.{meter.table}", rows=0)

    def _task_id(self, source: str) -> TaskID:
        return self._tasks_by_source[source]

    def get_renderables(self) -> Iterable[RenderableType]:
        for source, meter in list(self._meters.items()):
            self.update(
                self._task_id(source),
                completed=meter.bytes,
                total=meter.of_bytes,
                rows=meter.rows,
                visible=not meter.ended,
            )
        yield from super().get_renderables()


class LoadBars:
    """`print` writes lines above the bars; without a terminal there are only the lines."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress: _MeteredProgress | None = None
        self._lock = threading.Lock()  # loads begin in threads of their own

    def __enter__(self) -> LoadBars:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def add(self, meter: Meter) -> None:
        """A table's load begins."""
        if not self._console.is_terminal:
            return
        with self._lock:
            if self._progress is None:
                self._progress = self._started()
            self._progress.follow(meter)

    def _started(self) -> _MeteredProgress:
        # The commands' console is wider than any terminal; bars must know the real width.
        screen = Console(stderr=self._console.stderr, highlight=False)
        progress = _MeteredProgress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            _Rows(),
            DownloadColumn(),
            TransferSpeedColumn(),
            console=screen,
        )
        progress.start()
        return progress

    def print(self, line: Text) -> None:
        """A line that stays."""
        console = self._progress.console if self._progress else self._console
        console.print(line, soft_wrap=True)

    def stop(self) -> None:
        """Take the bars away."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None
