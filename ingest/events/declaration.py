"""Events in the sources file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ingest.declaration.tables import FileSourceBlock
from ingest.json.declaration import JsonTable


class EventsTable(JsonTable):
    """A table of objects that were dropped as files; each row also keeps its whole object."""

    @property
    def keeps_payload(self) -> bool:
        """Whether each row keeps the whole record that it came from."""
        return True

    @model_validator(mode="after")
    def _events_are_whole(self) -> EventsTable:
        if self.data_selector:
            raise ValueError(
                "events are whole objects and take no data_selector; name nested values by their "
                "path, such as header: detail.order_id, or declare kind: json"
            )
        return self


class EventsSource(FileSourceBlock):
    """Raw JSON objects in a folder or under a prefix."""

    kind: Literal["events"]
    tables: Annotated[tuple[EventsTable, ...], Field(min_length=1)]
