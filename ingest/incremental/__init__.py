"""Loads that ask only for what is new: cursors, and what is in the lake already; of whatever kind."""
