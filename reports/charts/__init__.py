"""The charts: one module per mark, and what marks share. A new mark is a module and a line in CHARTS."""
