"""Descriptions of a model: the table of its layers, and receptive fields."""
