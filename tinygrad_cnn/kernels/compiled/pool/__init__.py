"""Pooling over windows, and its adjoints."""
