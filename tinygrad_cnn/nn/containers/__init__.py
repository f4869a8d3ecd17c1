"""Modules that hold other modules: in a row, in a list, by name."""
