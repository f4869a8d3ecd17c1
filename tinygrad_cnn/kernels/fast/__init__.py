"""Compiled kernels for contiguous float32 arrays; anything else falls to the reference."""
