"""Loaded by pytest and hypothesis when they start: see `for_pytest` and `for_hypothesis`.

A package of its own, because whoever imports a part of `tinygrad_cnn` imports all of it, and NumPy. The
start of pytest or of hypothesis must load neither.
"""
