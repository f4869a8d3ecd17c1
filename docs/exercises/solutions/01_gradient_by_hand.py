def slope(x):
    return 6 * (3 * x - 1)


def partials(x, y):
    z = x * y + y
    return 2 * z * y, 2 * z * (x + 1)
