"""A table of events as work: what a load does, and what it would do."""

from __future__ import annotations

from functools import partial

from ingest.events.declaration import EventsSource, EventsTable
from ingest.events.files import add_events
from ingest.files.work import FileWork, planned_known
from ingest.json.load import look_at_json, prepare_json


def events_work(source: EventsSource, table: EventsTable) -> FileWork:
    """The work that `table` is."""
    return FileWork(
        source.name,
        source.kind,
        (table.name, *(child.name for child in table.children)),
        table.path,
        prepare=partial(prepare_json, table, add=add_events),
        look=lambda task: planned_known(look_at_json(table, task), task.root),
    )
