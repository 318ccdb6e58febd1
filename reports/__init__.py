"""Report pages: YAML in, static HTML out. Figures are computed in DuckDB; this package draws them.

`reports` imports `configuration` and nothing else of the project.
"""
