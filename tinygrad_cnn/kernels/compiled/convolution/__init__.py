"""Convolution and its two adjoints: direct sums in register tiles, or Winograd's transforms."""
