"""What a cursor may say of itself in the sources file; a kind adds how its source is asked."""

from __future__ import annotations

from pydantic import Field

from configuration.yaml_file import Block
from ingest.declaration.values import Lookback, Name, lookback_units


class CursorBlock(Block):
    """The column by which a source is asked for what is new."""

    column: Name = Field(
        description="A timestamp, date or integer column that grows with each change."
    )
    lookback: Lookback = Field(
        "0d", description="How far before the last value to ask again, for rows that came late."
    )
    initial: str | None = Field(None, description="Where the first load begins; none: everything.")

    @property
    def lookback_units(self) -> int:
        """Seconds for times, plain units for whole numbers."""
        return lookback_units(self.lookback)
