"""The raw lake: its manifest, and how finished files come into it."""
