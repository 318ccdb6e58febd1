"""What may stand in `ingest/sources.yml`, and how it is read."""
