"""Looks at data that nobody declared yet, and proposes how to declare it."""
