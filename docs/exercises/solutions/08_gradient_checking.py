def slopes(f, x, h):
    moved, result = x.astype(float), np.zeros(x.shape)
    for at in np.ndindex(x.shape):
        kept = moved[at]
        moved[at] = kept + h
        above = f(moved)
        moved[at] = kept - h
        below = f(moved)
        moved[at] = kept
        result[at] = (above - below) / (2 * h)
    return result
