def columns(x, k):
    n, _, height, width = x.shape
    rows = [
        x[i, :, r : r + k, c : c + k].reshape(-1)
        for i in range(n)
        for r in range(height - k + 1)
        for c in range(width - k + 1)
    ]
    return np.array(rows)
