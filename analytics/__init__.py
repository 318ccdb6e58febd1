"""Statistics that SQL has no words for: models fitted by maximum likelihood, and forecasts.

The dbt models in Python call this package; it takes and gives NumPy arrays and Arrow tables and
knows neither dbt nor the lake. docs/metrics.md defines the figures.
"""
