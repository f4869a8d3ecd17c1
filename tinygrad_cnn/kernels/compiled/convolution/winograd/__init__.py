"""Convolution of 3×3 with stride 1 by Winograd's transforms F(4×4, 3×3)."""
