"""Daily revenue of the next weeks, from the days before, with the error of the same forecast a quarter ago."""

from analytics.forecast.table import HORIZON_DAYS, forecast_table

__all__ = ["HORIZON_DAYS", "forecast_table"]
