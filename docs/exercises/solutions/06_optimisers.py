def momentum(p, g, state, t):
    state["v"] = 0.9 * state.get("v", 0) + g
    p -= 0.1 * state["v"]


def adagrad(p, g, state, t):
    state["h"] = state.get("h", 0) + g * g
    p -= 0.1 * g / (np.sqrt(state["h"]) + 1e-10)


def adam(p, g, state, t):
    state["m"] = 0.9 * state.get("m", 0) + 0.1 * g
    state["v"] = 0.999 * state.get("v", 0) + 0.001 * g * g
    p -= 0.1 * (state["m"] / (1 - 0.9**t)) / (np.sqrt(state["v"] / (1 - 0.999**t)) + 1e-8)
