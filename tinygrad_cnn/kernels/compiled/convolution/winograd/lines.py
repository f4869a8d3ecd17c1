"""Winograd's transforms along one axis, F(4, 3), as sums of `Lanes`; see `winograd` for the letters.

Weights w0 .. w2 and pixels d0 .. d5 are coefficients of polynomials, and the four results are some
coefficients of a product. Six values of each fix it: at 0, ±A, ±B and infinity. What is even and odd
in the point is shared between its two signs.

Source: Lavin & Gray 2015, arXiv:1509.09308; Barabasz et al. 2018, arXiv:1803.10986, for the points.
"""

from __future__ import annotations

from tinygrad_cnn.kernels.compiled.convolution.winograd.lanes import Lanes, line

# The polynomials are compared at 0, ±3/4, ±3/2 and infinity. With the points 0, ±1, ±2 of the paper the
# largest error is four times as large; all numbers here but the divisors are exact in float32.
A, B = 3 / 4, 3 / 2
A2, B2, A3, B3 = A**2, B**2, A**3, B**3
SUM, PRODUCT = A2 + B2, A2 * B2
#: Divisors of the weights: at 0, at ±A, at ±B.
G0, GA, GB = 1 / PRODUCT, 1 / (2 * A2 * (A2 - B2)), 1 / (2 * B2 * (B2 - A2))
GA1, GA2, GB1, GB2 = A * GA, A2 * GA, B * GB, B2 * GB


def image_line(d0: Lanes, d1: Lanes, d2: Lanes, d3: Lanes, d4: Lanes, d5: Lanes) -> tuple[Lanes, ...]:
    """B'd: six pixels to six numbers."""
    even, odd = d4 - B2 * d2, A * (d3 - B2 * d1)
    even2, odd2 = d4 - A2 * d2, B * (d3 - A2 * d1)
    first, last = PRODUCT * d0 - SUM * d2 + d4, PRODUCT * d1 - SUM * d3 + d5
    return first, even + odd, even - odd, even2 + odd2, even2 - odd2, last


def weight_line(w0: Lanes, w1: Lanes, w2: Lanes) -> tuple[Lanes, ...]:
    """Gw: three weights to six numbers."""
    even, odd = GA * w0 + GA2 * w2, GA1 * w1
    even2, odd2 = GB * w0 + GB2 * w2, GB1 * w1
    return G0 * w0, even + odd, even - odd, even2 + odd2, even2 - odd2, w2


def output_line(m0: Lanes, m1: Lanes, m2: Lanes, m3: Lanes, m4: Lanes, m5: Lanes) -> tuple[Lanes, ...]:
    """A'm: six numbers to four pixels of the result."""
    even, odd, even2, odd2 = m1 + m2, m1 - m2, m3 + m4, m3 - m4
    return (m0 + even + even2, A * odd + B * odd2, A2 * even + B2 * even2, A3 * odd + B3 * odd2 + m5)


def gradient_line(g0: Lanes, g1: Lanes, g2: Lanes, g3: Lanes) -> tuple[Lanes, ...]:
    """Ag, the adjoint of A'm."""
    even, odd = g0 + A2 * g2, A * (g1 + A2 * g3)
    even2, odd2 = g0 + B2 * g2, B * (g1 + B2 * g3)
    return g0, even + odd, even - odd, even2 + odd2, even2 - odd2, g3


def kernel_line(u0: Lanes, u1: Lanes, u2: Lanes, u3: Lanes, u4: Lanes, u5: Lanes) -> tuple[Lanes, ...]:
    """G'u, the adjoint of Gw."""
    even, odd, even2, odd2 = u1 + u2, u1 - u2, u3 + u4, u3 - u4
    return G0 * u0 + GA * even + GB * even2, GA1 * odd + GB1 * odd2, GA2 * even + GB2 * even2 + u5


#: Each as compiled code on vectors in memory.
to_image, to_weight, to_output = line(image_line, 6), line(weight_line, 3), line(output_line, 6)
to_gradient, to_kernel = line(gradient_line, 4), line(kernel_line, 6)
