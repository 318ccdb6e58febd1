"""JSON APIs over HTTP."""
