"""Rows of any source: their types, their casts, and what becomes of those that do not fit."""
