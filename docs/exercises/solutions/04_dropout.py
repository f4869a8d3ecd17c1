class Dropout:
    def __init__(self, p, rng):
        self.p, self.rng = p, rng

    def forward(self, x, training):
        if training:
            self.factor = (self.rng.random(x.shape) >= self.p) / (1 - self.p)
        else:
            self.factor = np.ones_like(x)
        return x * self.factor

    def backward(self, g):
        return g * self.factor
