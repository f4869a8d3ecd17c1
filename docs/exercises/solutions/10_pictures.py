operations = 4
unused = "second"


class Mended(nn.Module):
    def __init__(self):
        self.first = nn.Linear(3, 4, rng=0)
        self.second = nn.Linear(4, 4, rng=1)
        self.last = nn.Linear(4, 2, rng=2)

    def forward(self, x):
        return self.last(F.relu(self.second(F.relu(self.first(x)))))


def mended():
    return Mended()
