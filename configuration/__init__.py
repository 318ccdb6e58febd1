"""What `ingest`, `reports` and `till` share at the border: errors, YAML, the lake.

This package imports none of the three.
"""
