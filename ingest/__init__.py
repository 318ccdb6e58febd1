"""Sources to raw Parquet: what `ingest/sources.yml` names is checked, loaded once and recorded.

`sources_file` says what is wanted, `run.ingest` carries it out, the load manifest says what is there.
"""
