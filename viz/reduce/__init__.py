"""Fewer boxes for the same graph."""
