"""Loops as people write them, on ranks and on one process that goes through the shares in turn."""

from functools import partial

import numpy as np
from rank_networks import digest, network

from tinygrad_cnn import Tensor, grad, nn, optim, parallel
from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import TinygradCnnError
from tinygrad_cnn.nn import AveragedModel, get_ema_avg_fn
from tinygrad_cnn.recomputing import checkpoint

WORLD = parallel.world()
ALONE = parallel.World()


class Loop:
    """Gradients of the shares of all ranks: by the ranks, or of one share after the other."""

    def __init__(self, world):
        self.world = world
        self.averages = []

    def average(self, optimizer):
        self.averages.append(parallel.average_gradients(optimizer, self.world, bucket_bytes=64))
        return optimizer

    def backward(self, optimizer, run, zero=None):
        """`run(rank)` walks back from the losses of a rank's share."""
        zero = zero or optimizer.zero_grad
        if self.world is WORLD:
            zero()
            run(WORLD.rank)
            return
        members = [p for group in optimizer.param_groups for p in group["params"]]
        found = []
        for rank in range(WORLD.size):
            zero()
            run(rank)
            found.append([p.grad for p in members])
        for p, parts in zip(members, zip(*found, strict=True), strict=True):
            if all(part is None for part in parts):
                p.grad = None
                continue
            arrays = [np.zeros(p.shape, p.dtype) if part is None else part.numpy() for part in parts]
            total = arrays[0]
            for part in arrays[1:]:
                total = total + part
            p.grad = Tensor(total / p.dtype.type(WORLD.size))


def numbers(*shape, seed=0):
    """The same numbers on all ranks."""
    return np.random.default_rng(seed).normal(size=shape).astype("f4")


def batch(step, rank):
    """A rank's share of a batch of images and labels."""
    rng = np.random.default_rng([step, rank])
    return Tensor(rng.normal(size=(3, 1, 8, 8)).astype("f4")), rng.integers(0, 3, 3)


def usual(model, step, rank):
    """The loss of a share."""
    x, y = batch(step, rank)
    return F.cross_entropy(model(x), y)


def walk(model, step, rank):
    """Back from the loss of a share."""
    usual(model, step, rank).backward()


def gan(loop):
    """Two networks: the generator's walk reaches the discriminator, whose own steps walk back twice."""
    maker = nn.Linear(2, 4, rng=0)
    judge = nn.Sequential(nn.Linear(4, 5, rng=1), nn.Tanh(), nn.Linear(5, 1, rng=2))
    for_maker = loop.average(optim.Adam(maker.parameters(), lr=0.01))
    for_judge = loop.average(optim.Adam(judge.parameters(), lr=0.01))
    for step in range(3):

        def judged(rank, step=step):
            (judge(numbers(3, 4, seed=[step, rank])) ** 2).mean().backward()
            made = maker(numbers(3, 2, seed=[step, rank, 1])).detach()
            ((judge(made) - 1) ** 2).mean().backward()

        def fooled(rank, step=step):
            (judge(maker(numbers(3, 2, seed=[step, rank, 2]))) ** 2).mean().backward()

        loop.backward(for_judge, judged)
        for_judge.step()
        loop.backward(for_maker, fooled)
        for_maker.step()
    return maker, judge


def thawed(loop):
    """Layers that are frozen at first, then trained, then frozen again."""
    model = network()
    model[0].requires_grad_(False)
    optimizer = loop.average(optim.SGD(model.parameters(), lr=0.1, momentum=0.9))
    for step in range(5):
        model[0].requires_grad_(step in (2, 3))
        loop.backward(optimizer, partial(walk, model, step))
        optimizer.step()
    return (model,)


def grown(loop):
    """Parameters that are added to the optimizer later."""
    model = network()
    optimizer = loop.average(optim.SGD(model[4].parameters(), lr=0.1))
    for step in range(4):
        if step == 2:
            optimizer.add_param_group({"params": model[0].parameters(), "lr": 0.01})
        loop.backward(optimizer, partial(walk, model, step), model.zero_grad)
        optimizer.step()
    return (model,)


def clipped(loop):
    """Clipping between backward and step, as for one process."""
    model = network()
    optimizer = loop.average(optim.SGD(model.parameters(), lr=0.5))
    for step in range(4):
        loop.backward(optimizer, partial(walk, model, step))
        if step % 2:
            optim.clip_grad_norm_(model.parameters(), 0.1)
        else:
            optim.clip_grad_value_(model.parameters(), 0.01)
        optimizer.step()
    return (model,)


def accumulated(loop):
    """Two walks in a step, and nobody says so; gradients set to zeros, not to None."""
    model = network()
    optimizer = loop.average(optim.Adam(model.parameters(), lr=0.01))

    def run(rank, step):
        usual(model, step, rank).backward()
        usual(model, step + 100, rank).backward()

    for step in range(3):
        loop.backward(optimizer, partial(run, step=step), partial(optimizer.zero_grad, False))
        optimizer.step()
    return (model,)


def skipped(loop):
    """Steps that are not taken: their gradients are sent, and dropped."""
    model = network()
    optimizer = loop.average(optim.Adam(model.parameters(), lr=0.01))
    for step in range(4):
        loop.backward(optimizer, partial(walk, model, step))
        if step % 2:
            optimizer.step()
    return (model,)


def tied(loop):
    """One weight in two layers, and one layer in two parts that are computed again."""
    first, last = nn.Linear(4, 4, rng=0), nn.Linear(4, 4, rng=1)
    last.weight = first.weight
    model = nn.Sequential(first, last)
    optimizer = loop.average(optim.SGD(model.parameters(), lr=0.1))
    for step in range(3):

        def run(rank, step=step):
            x = Tensor(numbers(3, 4, seed=[step, rank]))
            part = nn.Sequential(first, nn.Tanh())
            (last(checkpoint(part, checkpoint(part, x))) ** 2).mean().backward()

        loop.backward(optimizer, run)
        optimizer.step()
    return (model,)


def smoothed(loop):
    """A moving average of the weights, rates that fall, and a penalty on the gradient."""
    model = nn.Sequential(nn.Linear(4, 5, rng=0), nn.Tanh(), nn.Linear(5, 1, rng=1))
    optimizer = loop.average(optim.RMSprop(model.parameters(), lr=0.01))
    mean, rate = AveragedModel(model, avg_fn=get_ema_avg_fn(0.9)), optim.StepLR(optimizer, 2, 0.5)
    for step in range(4):

        def run(rank, step=step):
            x = Tensor(numbers(3, 4, seed=[step, rank]), requires_grad=True)
            y = model(x)
            slope = grad(y.sum(), x, create_graph=True)
            ((y**2).mean() + (slope**2).mean()).backward()

        loop.backward(optimizer, run)
        optimizer.step()
        mean.update_parameters(model)
        rate.step()
    return model, mean


def branches(loop):
    """Ranks that go through different networks, in another order: two optimizers, whose sums cross."""
    one, two = nn.Linear(4, 4, rng=0), nn.Linear(4, 4, rng=1)
    first, second = (loop.average(optim.SGD(m.parameters(), lr=0.1)) for m in (one, two))
    both = optim.SGD([*one.parameters(), *two.parameters()], lr=0.1)
    for step in range(3):

        def run(rank, step=step):
            order = (one, two) if rank else (two, one)
            for model in order[: 1 + step % 2]:
                (model(numbers(3, 4, seed=[step, rank])) ** 2).mean().backward()

        loop.backward(both, run)
        first.step()
        second.step()
    return one, two


SITUATIONS = (gan, thawed, grown, clipped, accumulated, skipped, tied, smoothed, branches)


def situations():
    """Digests of what each loop trains: on ranks, and on one process."""
    found = {}
    for one in SITUATIONS:
        digests = []
        for world in (WORLD, ALONE):
            loop = Loop(world)
            digests.append(" ".join(map(digest, one(loop))))
            for average in loop.averages:
                average.remove()
        together = [bytes(row).decode() for row in WORLD.each(np.frombuffer(digests[0].encode(), "u1"))]
        found[one.__name__] = [together, digests[1]]
    return found


def traps():
    """What each rank is told where ranks would silently train different networks."""

    def parameter(value=1.0):
        return Tensor([value], requires_grad=True)

    def step(optimizer):
        average = parallel.average_gradients(optimizer)
        try:
            sum((p * 2).sum() for group in optimizer.param_groups for p in group["params"]).backward()
            optimizer.step()
        finally:
            average.remove()

    def other_values():
        parallel.average_gradients(optim.SGD([parameter(1.0 + WORLD.rank)], lr=0.1))

    def other_state():
        optimizer = optim.SGD([parameter()], lr=0.1, momentum=0.9)
        if WORLD.rank:
            (optimizer.param_groups[0]["params"][0] * 2).sum().backward()
            optimizer.param_groups[0]["params"][0].grad.data *= 0
            optimizer.step()
        parallel.average_gradients(optimizer)

    def other_rates():
        step(optim.SGD([parameter()], lr=0.1 * (1 + WORLD.rank)))

    def other_members():
        w, v = parameter(), parameter()
        optimizer = optim.SGD([w, v], lr=0.1)
        average = parallel.average_gradients(optimizer)
        v.requires_grad_(WORLD.rank == 0)
        try:
            (w * 2).sum().backward()
            optimizer.step()
        finally:
            average.remove()

    def other_types():
        WORLD.sum(np.ones(2, ("f4", "i4")[WORLD.rank % 2]) if WORLD.rank < 2 else np.ones(2, "f4"))

    def other_shapes():
        WORLD.broadcast(np.ones((2, 3) if WORLD.rank else (3, 2)))

    def no_numbers():
        WORLD.each(np.array(["text"]))

    def twice():
        optimizer = optim.SGD([parameter()], lr=0.1)
        average = parallel.average_gradients(optimizer)
        try:
            parallel.average_gradients(optimizer)
        finally:
            average.remove()

    def in_backward():
        optimizer = optim.SGD([parameter()], lr=0.1)
        average = parallel.average_gradients(optimizer)
        try:
            optimizer.step_in_backward()
        finally:
            average.remove()

    def in_backward_before():
        optimizer = optim.SGD([parameter()], lr=0.1)
        optimizer.step_in_backward()
        parallel.average_gradients(optimizer)

    said = {}
    for wrong in (other_values, other_state, other_rates, other_members, other_types, other_shapes,
                  no_numbers, twice, in_backward, in_backward_before):  # fmt: skip
        try:
            wrong()
            text = "nothing was said"
        except TinygradCnnError as error:
            text = str(error)
        row = np.frombuffer(text.encode()[:400].ljust(400), "u1")
        said[wrong.__name__] = [bytes(one).decode().strip() for one in WORLD.each(row)]
    return said
