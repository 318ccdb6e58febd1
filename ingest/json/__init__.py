"""JSON files, and the reading of JSON records wherever they come from."""
