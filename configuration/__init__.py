"""What `ingest`, `reports` and `till` share at the border: plain errors, YAML with positions, the lake.

This package imports none of the three.
"""
