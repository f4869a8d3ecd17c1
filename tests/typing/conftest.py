"""`planted.py` holds errors, and is read by type checkers only."""

collect_ignore = ["planted.py"]
