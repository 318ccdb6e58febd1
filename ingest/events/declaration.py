"""Events in the sources file."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from ingest.declaration.tables import FileSourceBlock, MissingColumn, RecordTableBlock, Senseless
from ingest.json.declaration import JsonTable

_WHOLE = (
    "each event is kept whole in the column _payload, and may have other names than the last, so there is "
    "nothing to add or refuse; leave it out"
)


class EventsTable(JsonTable):
    """A table of objects that were dropped as files; each row also keeps its whole object."""

    senseless: ClassVar[Senseless] = {
        **RecordTableBlock.senseless,
        "on_new_column: add": _WHOLE,
        "on_new_column: refuse": _WHOLE,
        "on_missing_column: refuse": "events of several kinds come together and not each has every value; "
        "leave it out, and write nullable: false at a column that each must have",
    }

    on_missing_column: MissingColumn = Field("null", description="Always null: it is empty then.")

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
