def gradients(g, x, w):
    dx, dw, k = np.zeros_like(x), np.zeros_like(w), w.shape[2]
    for r in range(g.shape[2]):
        for c in range(g.shape[3]):
            at = g[:, :, r, c]
            dx[:, :, r : r + k, c : c + k] += np.tensordot(at, w, axes=(1, 0))
            dw += np.tensordot(at, x[:, :, r : r + k, c : c + k], axes=(0, 0))
    return dx, dw, g.sum((0, 2, 3))
