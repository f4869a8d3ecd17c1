wrong = "swish"


def repaired(g, x):
    s = sigmoid(x)
    return g * (s + x * s * (1 - s))
