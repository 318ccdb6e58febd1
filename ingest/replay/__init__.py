"""Rejected rows tried again after a change of the declaration: those that fit now become a load."""
