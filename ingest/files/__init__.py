"""Tables that arrive as files of any kind: which files, known by content, and their load."""
