"""Watching a program while it computes: what each operation gave, and what flowed back."""
