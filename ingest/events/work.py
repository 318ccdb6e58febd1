"""A table of events as work: what a load does, and what it would do."""

from __future__ import annotations

from functools import partial

from ingest.events.declaration import EventsSource, EventsTable
from ingest.events.files import add_events, open_event
from ingest.files.work import FileWork, planned_known
from ingest.json.load import Reading, look_at_json, prepare_json

EVENTS = Reading(open_event, add_events)


def events_work(source: EventsSource, table: EventsTable) -> FileWork:
    """The work that `table` is."""
    return FileWork(
        source.name,
        source.kind,
        (table.name, *(child.name for child in table.children)),
        table.path,
        prepare=partial(prepare_json, table, reading=EVENTS),
        look=lambda task: planned_known(look_at_json(table, task, EVENTS), task.root),
    )
