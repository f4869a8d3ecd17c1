"""Programs of many kinds, each as the thing that is drawn: what the gallery shows and tests compare.

Every function returns what `viz.graph` takes, and the options that differ from the usual ones. Its
docstring is the title. Nothing is trained and nothing is random but for a fixed seed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import viz
from tinygrad_cnn import Tensor, grad, nn, no_grad
from tinygrad_cnn import functional as F

#: What a program gives: the thing to draw, and options of `viz.graph`.
Drawn = tuple[Any, dict[str, Any]]
PROGRAMS: dict[str, Callable[[], Drawn]] = {}


def program(function: Callable[[], Drawn]) -> Callable[[], Drawn]:
    """Put a program into the collection, under its name."""
    PROGRAMS[function.__name__] = function
    return function


def draw(name: str, **options: Any) -> viz.Picture:
    """The picture of a program."""
    thing, chosen = PROGRAMS[name]()
    title = (PROGRAMS[name].__doc__ or "").strip().rstrip(".")
    return viz.graph(thing, **{"title": title, **chosen, **options})


def array(*shape: int) -> Any:
    """Numbers from -1 to 1."""
    return np.linspace(-1, 1, int(np.prod(shape)), dtype=np.float32).reshape(shape)


# --------------------------------------------------------------------------- modules used again
class TutorialNet(nn.Module):
    def __init__(self) -> None:
        self.conv1, self.pool = nn.Conv2d(3, 6, 5, rng=0), nn.MaxPool2d(2, 2)
        self.conv2 = nn.Conv2d(6, 16, 5, rng=1)
        self.fc1, self.fc2 = nn.Linear(400, 120, rng=2), nn.Linear(120, 84, rng=3)
        self.fc3 = nn.Linear(84, 10, rng=4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(F.relu(self.conv1(x)))
        x = self.pool(F.relu(self.conv2(x)))
        x = F.relu(self.fc1(F.flatten(x, 1)))
        return self.fc3(F.relu(self.fc2(x)))


@program
def shared_pooling() -> Drawn:
    """A network for CIFAR-10 with one pooling for two places."""
    return TutorialNet(), {"inputs": array(1, 3, 32, 32)}


@program
def shared_activation() -> Drawn:
    """LeNet with one activation object and one pooling."""
    act, pool = nn.Tanh(), nn.AvgPool2d(2)
    layers = [nn.Conv2d(1, 6, 5, padding=2, rng=0), act, pool, nn.Conv2d(6, 16, 5, rng=1), act, pool]
    tail = [nn.Flatten(), nn.Linear(400, 120, rng=2), act, nn.Linear(120, 10, rng=3)]
    return nn.Sequential(*layers, *tail), {"inputs": array(1, 1, 28, 28)}


class Siamese(nn.Module):
    def __init__(self) -> None:
        self.net = nn.Sequential(
            nn.Conv2d(1, 4, 3, rng=0), nn.ReLU(), nn.Flatten(), nn.Linear(144, 8, rng=1)
        )

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        return F.sqrt(F.sum((self.net(a) - self.net(b)) ** 2, axis=1))


@program
def siamese() -> Drawn:
    """A siamese network: one network for two images."""
    return Siamese(), {"inputs": (array(2, 1, 8, 8), array(2, 1, 8, 8))}


@program
def siamese_closed() -> Drawn:
    """The siamese network with its modules closed."""
    return Siamese(), {"inputs": (array(2, 1, 8, 8), array(2, 1, 8, 8)), "depth": 0}


@program
def autoencoder() -> Drawn:
    """An autoencoder of two objects without a name."""
    encoder = nn.Sequential(nn.Linear(12, 6, rng=0), nn.Tanh(), nn.Linear(6, 2, rng=1))
    decoder = nn.Sequential(nn.Linear(2, 6, rng=2), nn.Tanh(), nn.Linear(6, 12, rng=3))
    x = array(4, 12)
    loss = F.mse_loss(decoder(encoder(Tensor(x, name="x"))), x)
    return loss, {"names": {"encoder": encoder, "decoder": decoder}}


@program
def gan_step() -> Drawn:
    """A step of a GAN: two losses, the critic twice."""
    generator = nn.Sequential(nn.Linear(3, 8, rng=0), nn.ReLU(), nn.Linear(8, 4, rng=1))
    critic = nn.Sequential(nn.Linear(4, 8, rng=2), nn.LeakyReLU(0.2), nn.Linear(8, 1, rng=3))
    z, real = Tensor(array(5, 3), name="noise"), Tensor(array(5, 4), name="real")
    fake = critic(generator(z))
    losses = [F.softplus(-fake).mean(), (F.softplus(fake) + F.softplus(-critic(real))).mean()]
    losses[0].name, losses[1].name = "loss of G", "loss of D"
    return losses, {"names": {"G": generator, "D": critic}}


class DenseBlock(nn.Module):
    def __init__(self, channels: int, growth: int, layers: int) -> None:
        self.layers = nn.ModuleList(
            nn.Sequential(
                nn.BatchNorm2d(channels + k * growth), nn.ReLU(),
                nn.Conv2d(channels + k * growth, growth, 3, padding=1, rng=k),
            )
            for k in range(layers)
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = F.concatenate([x, layer(x)], axis=1)
        return x


@program
def dense_block() -> Drawn:
    """A block of DenseNet, by a ModuleList."""
    return DenseBlock(8, 4, 4), {"inputs": array(2, 8, 8, 8)}


@program
def weight_tying() -> Drawn:
    """A language model whose output layer is its embedding."""
    embedding = nn.Embedding(20, 8, rng=0)
    tokens = np.arange(6).reshape(2, 3)
    h = F.tanh(nn.Linear(8, 8, rng=1)(embedding(tokens)))
    return F.cross_entropy((h @ embedding.weight.T).reshape(6, 20), tokens.reshape(6)), {}


class Tied(nn.Module):
    def __init__(self) -> None:
        layer, act = nn.Linear(6, 6, rng=0), nn.Tanh()
        self.body = nn.Sequential(layer, act, layer, act, layer)

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x)


@program
def one_layer_three_times() -> Drawn:
    """One layer in three places."""
    return Tied(), {"inputs": array(2, 6)}


# --------------------------------------------------------------------------- recurrence
class Elman(nn.Module):
    def __init__(self, features: int = 4, hidden: int = 8) -> None:
        self.inner = nn.Linear(features + hidden, hidden, rng=0)
        self.out = nn.Linear(hidden, 3, rng=1)

    def forward(self, x: Tensor) -> Tensor:
        h = Tensor(np.zeros((x.shape[0], 8), np.float32), name="h0")
        for t in range(x.shape[1]):
            h = F.tanh(self.inner(F.concatenate([x[:, t], h], axis=1)))
        return self.out(h)


@program
def unrolled_rnn() -> Drawn:
    """A recurrent network of twenty steps, written by hand."""
    return Elman(), {"inputs": array(2, 20, 4)}


@program
def rnn_cell_loop() -> Drawn:
    """An RNNCell in a loop, with an input and an output for each step."""
    cell, head = nn.RNNCell(4, 8, rng=0), nn.Linear(8, 2, rng=1)
    h, outputs = None, []
    for t in range(20):
        h = cell(Tensor(array(2, 4), name=f"x{t}"), h)
        outputs.append(head(h))
    return F.stack(outputs), {"names": {"cell": cell, "head": head}}


@program
def lstm_cell_loop() -> Drawn:
    """An LSTMCell in a loop."""
    cell = nn.LSTMCell(4, 8, rng=0)
    x, state = Tensor(array(12, 2, 4), name="x", requires_grad=True), None
    for t in range(12):
        state = cell(x[t], state)
    return state[0], {"names": {"cell": cell}}


@program
def lstm_layers() -> Drawn:
    """Two layers of an LSTM over ten steps."""
    return nn.LSTM(4, 8, num_layers=2, rng=0), {"inputs": array(10, 2, 4)}


@program
def bidirectional_gru() -> Drawn:
    """A GRU in both directions."""
    return nn.GRU(4, 6, bidirectional=True, rng=0), {"inputs": array(8, 2, 4)}


@program
def sequence_to_sequence() -> Drawn:
    """An encoder and a decoder, both recurrent, over six and four steps."""
    encoder, decoder = nn.GRUCell(3, 8, rng=0), nn.GRUCell(3, 8, rng=1)
    head = nn.Linear(8, 3, rng=2)
    source = Tensor(array(6, 2, 3), name="source")
    h = None
    for t in range(6):
        h = encoder(source[t], h)
    y, outputs = Tensor(np.zeros((2, 3), np.float32), name="start"), []
    for _ in range(4):
        h = decoder(y, h)
        y = head(h)
        outputs.append(y)
    return F.stack(outputs), {"names": {"encoder": encoder, "decoder": decoder, "head": head}}


# --------------------------------------------------------------------------- attention
class Head(nn.Module):
    def __init__(self, size: int) -> None:
        self.query, self.key = nn.Linear(size, size, rng=0), nn.Linear(size, size, rng=1)
        self.value = nn.Linear(size, size, rng=2)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.query(x), self.key(x), self.value(x)
        weights = F.softmax(q @ F.transpose(k, (0, 2, 1)) / q.shape[-1] ** 0.5, axis=-1)
        return weights @ v


class Block(nn.Module):
    def __init__(self, size: int) -> None:
        self.attention, self.norm1, self.norm2 = Head(size), nn.LayerNorm(size), nn.LayerNorm(size)
        self.mlp = nn.Sequential(
            nn.Linear(size, 2 * size, rng=3), nn.GELU(), nn.Linear(2 * size, size, rng=4)
        )

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


@program
def attention_head() -> Drawn:
    """One head of attention."""
    return Head(8), {"inputs": array(2, 5, 8)}


@program
def transformer_block() -> Drawn:
    """A block of a transformer."""
    return Block(8), {"inputs": array(2, 5, 8)}


@program
def transformer_stack() -> Drawn:
    """Six blocks of a transformer."""
    return nn.Sequential(*(Block(8) for _ in range(6))), {"inputs": array(2, 5, 8)}


@program
def transformer_encoder() -> Drawn:
    """TransformerEncoder of three layers."""
    layer = nn.TransformerEncoderLayer(8, 2, 16, 0.0, rng=0)
    return nn.TransformerEncoder(layer, 3), {"inputs": array(5, 2, 8)}


class Gpt(nn.Module):
    def __init__(self) -> None:
        self.tokens, self.places = nn.Embedding(30, 8, rng=0), nn.Parameter(array(6, 8), name="places")
        self.blocks = nn.ModuleList(Block(8) for _ in range(4))
        self.norm = nn.LayerNorm(8)

    def forward(self, tokens: Any) -> Tensor:
        x = self.tokens(tokens) + self.places
        for block in self.blocks:
            x = block(x)
        return self.norm(x) @ self.tokens.weight.T


@program
def small_gpt() -> Drawn:
    """A language model with tied embeddings, from its tokens to its loss."""
    model, tokens = Gpt(), np.arange(12).reshape(2, 6)
    loss = F.cross_entropy(model(tokens).reshape(12, 30), (tokens.reshape(12) + 1) % 30)
    return loss, {}


# --------------------------------------------------------------------------- images
def conv_block(inside: int, outside: int) -> nn.Module:
    return nn.Sequential(nn.Conv2d(inside, outside, 3, padding=1, rng=0), nn.ReLU())


class UNet(nn.Module):
    def __init__(self, depth: int = 3, width: int = 4) -> None:
        sizes = [width * 2**k for k in range(depth + 1)]
        self.down = nn.ModuleList(
            conv_block(a, b) for a, b in zip([1, *sizes[:-2]], sizes[:-1], strict=True)
        )
        self.bottom = conv_block(sizes[-2], sizes[-1])
        self.up = nn.ModuleList(nn.ConvTranspose2d(2 * s, s, 2, stride=2, rng=1) for s in sizes[-2::-1])
        self.merge = nn.ModuleList(conv_block(2 * s, s) for s in sizes[-2::-1])
        self.head = nn.Conv2d(width, 2, 1, rng=2)

    def forward(self, x: Tensor) -> Tensor:
        kept = []
        for down in self.down:
            x = down(x)
            kept.append(x)
            x = F.max_pool2d(x, 2)
        x = self.bottom(x)
        for up, merge in zip(self.up, self.merge, strict=True):
            x = merge(F.concatenate([kept.pop(), up(x)], axis=1))
        return self.head(x)


@program
def u_net() -> Drawn:
    """A U-Net of three levels."""
    return UNet(), {"inputs": array(1, 1, 32, 32)}


@program
def inception() -> Drawn:
    """Branches side by side, joined by their channels."""

    class Inception(nn.Module):
        def __init__(self) -> None:
            self.one = nn.Conv2d(4, 2, 1, rng=0)
            self.three = nn.Sequential(
                nn.Conv2d(4, 2, 1, rng=1), nn.ReLU(), nn.Conv2d(2, 4, 3, padding=1, rng=2)
            )
            self.five = nn.Sequential(
                nn.Conv2d(4, 2, 1, rng=3), nn.ReLU(), nn.Conv2d(2, 4, 5, padding=2, rng=4)
            )
            self.pool = nn.Sequential(nn.MaxPool2d(3, 1, 1), nn.Conv2d(4, 2, 1, rng=5))

        def forward(self, x: Tensor) -> Tensor:
            return F.relu(
                F.concatenate([b(x) for b in (self.one, self.three, self.five, self.pool)], axis=1)
            )

    return Inception(), {"inputs": array(1, 4, 8, 8)}


@program
def squeeze_and_excitation() -> Drawn:
    """Channels weighed by what they hold."""

    class Squeeze(nn.Module):
        def __init__(self) -> None:
            self.conv = nn.Conv2d(4, 8, 3, padding=1, rng=0)
            self.gate = nn.Sequential(
                nn.Linear(8, 2, rng=1), nn.ReLU(), nn.Linear(2, 8, rng=2), nn.Sigmoid()
            )

        def forward(self, x: Tensor) -> Tensor:
            x = self.conv(x)
            scale = self.gate(x.mean(axis=(2, 3)))
            return x * scale.reshape(*scale.shape, 1, 1)

    return Squeeze(), {"inputs": array(2, 4, 8, 8)}


@program
def depthwise() -> Drawn:
    """Depthwise separable convolutions, as in MobileNet."""

    def separable(a: int, b: int, stride: int) -> list[nn.Module]:
        return [
            nn.Conv2d(a, a, 3, stride=stride, padding=1, groups=a, bias=False, rng=0), nn.BatchNorm2d(a),
            nn.ReLU6(),
            nn.Conv2d(a, b, 1, bias=False, rng=1), nn.BatchNorm2d(b), nn.ReLU6(),
        ]  # fmt: skip

    layers = [*separable(3, 8, 1), *separable(8, 16, 2), *separable(16, 32, 2), nn.AdaptiveAvgPool2d(1)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(32, 10, rng=2)), {"inputs": array(2, 3, 16, 16)}


@program
def two_heads() -> Drawn:
    """One body with two heads and two losses, added up."""
    body = nn.Sequential(nn.Linear(6, 8, rng=0), nn.ReLU())
    kind, place = nn.Linear(8, 3, rng=1), nn.Linear(8, 2, rng=2)
    h = body(Tensor(array(4, 6), name="features"))
    losses = F.cross_entropy(kind(h), [0, 1, 2, 0]), F.mse_loss(place(h), array(4, 2))
    total = losses[0] + 0.5 * losses[1]
    total.backward(retain_graph=True)
    return total, {"names": {"body": body, "kind": kind, "place": place}}


# --------------------------------------------------------------------------- probabilities
class Vae(nn.Module):
    def __init__(self) -> None:
        self.encoder = nn.Sequential(nn.Linear(12, 8, rng=0), nn.ReLU())
        self.mean, self.log_var = nn.Linear(8, 2, rng=1), nn.Linear(8, 2, rng=2)
        self.decoder = nn.Sequential(nn.Linear(2, 8, rng=3), nn.ReLU(), nn.Linear(8, 12, rng=4))

    def forward(self, x: Tensor) -> Tensor:
        h = self.encoder(x)
        mean, log_var = self.mean(h), self.log_var(h)
        z = mean + F.exp(log_var * 0.5) * array(*mean.shape)
        divergence = -0.5 * F.sum(1 + log_var - mean**2 - F.exp(log_var))
        return F.sum((self.decoder(z) - x) ** 2) + divergence


@program
def variational_autoencoder() -> Drawn:
    """A variational autoencoder with its loss."""
    return Vae(), {"inputs": array(4, 12)}


@program
def mixture_of_experts() -> Drawn:
    """Experts weighed by a gate."""

    class Mixture(nn.Module):
        def __init__(self, experts: int) -> None:
            self.gate = nn.Linear(6, experts, rng=0)
            self.experts = nn.ModuleList(
                nn.Sequential(nn.Linear(6, 8, rng=k), nn.ReLU(), nn.Linear(8, 4, rng=k))
                for k in range(experts)
            )

        def forward(self, x: Tensor) -> Tensor:
            weights = F.softmax(self.gate(x), axis=1)
            parts = [weights[:, k : k + 1] * expert(x) for k, expert in enumerate(self.experts)]
            total = parts[0]
            for part in parts[1:]:
                total = total + part
            return total

    return Mixture(4), {"inputs": array(3, 6)}


@program
def gradient_penalty() -> Drawn:
    """A loss with the norm of a gradient in it."""
    critic = nn.Sequential(nn.Linear(3, 8, rng=0), nn.Tanh(), nn.Linear(8, 1, rng=1))
    x = Tensor(array(4, 3), requires_grad=True, name="x")
    with viz.record() as recorder:
        score = critic(x)
        slope = grad(score.sum(), x, create_graph=True)
        loss = score.mean() + 10 * ((F.sqrt((slope**2).sum(axis=1)) - 1) ** 2).mean()
    return loss, {"recorder": recorder, "names": {"critic": critic}}


@program
def newton_step() -> Drawn:
    """A step of Newton's method on a polynomial: first and second derivative."""
    x = Tensor(2.0, requires_grad=True, name="x")
    with viz.record() as recorder:
        y = x**4 - 2 * x**2
        first = grad(y, x, create_graph=True)
        second = grad(first, x, create_graph=True)
        step = x - first / second
        step.name = "next x"
    return step, {"recorder": recorder, "values": True}


@program
def meta_learning() -> Drawn:
    """A loss after a step of gradient descent (MAML)."""
    w = nn.Parameter(array(3, 1), name="w")
    x, y = array(4, 3), array(4, 1)
    with viz.record() as recorder:
        inner = F.mse_loss(F.matmul(Tensor(x, name="x"), w), y)
        adapted = w - 0.1 * grad(inner, w, create_graph=True)
        adapted.name = "adapted w"
        outer = F.mse_loss(F.matmul(Tensor(x, name="x"), adapted), y + 1)
    return outer, {"recorder": recorder}


# --------------------------------------------------------------------------- training
@program
def frozen_body() -> Drawn:
    """A frozen body with a new head, before training."""
    body = nn.Sequential(nn.Conv2d(1, 4, 3, rng=0), nn.ReLU(), nn.Flatten())
    model = nn.Sequential(body.requires_grad_(False), nn.Linear(144, 3, rng=1))
    return model, {"inputs": array(2, 1, 8, 8)}


@program
def frozen_front_of_a_loss() -> Drawn:
    """The loss of a network whose front was computed without a graph."""
    front, head = nn.Sequential(nn.Linear(4, 8, rng=0), nn.Tanh()), nn.Linear(8, 2, rng=1)
    with viz.record() as recorder:
        with no_grad():
            features = front(Tensor(array(3, 4), name="x"))
        loss = F.cross_entropy(head(features), [0, 1, 1])
        loss.backward()
    return loss, {"recorder": recorder, "names": {"front": front, "head": head}}


@program
def critic_step() -> Drawn:
    """A step of a GAN's critic: the generator's images are detached."""
    generator = nn.Sequential(nn.Linear(3, 8, rng=0), nn.ReLU(), nn.Linear(8, 4, rng=1))
    critic = nn.Sequential(nn.Linear(4, 8, rng=2), nn.LeakyReLU(0.2), nn.Linear(8, 1, rng=3))
    with viz.record(holding=True) as recorder:
        fake = generator(Tensor(array(5, 3), name="noise"))
        real = Tensor(array(5, 4), name="real")
        loss = (F.softplus(critic(fake.detach())) + F.softplus(-critic(real))).mean()
        loss.backward()
    return loss, {"recorder": recorder, "names": {"G": generator, "D": critic}, "fold": True}


@program
def quantised_codes() -> Drawn:
    """A straight-through estimator, as in VQ-VAE: values of the code, gradients of the input."""
    encoder, decoder = nn.Linear(6, 4, rng=0), nn.Linear(4, 6, rng=1)
    with viz.record(holding=True) as recorder:
        x = Tensor(array(3, 6), name="x")
        z = encoder(x)
        code = Tensor(np.sign(z.numpy()), name="code")
        straight = z + (code - z).detach()
        loss = F.mse_loss(decoder(straight), x) + 0.25 * F.mse_loss(z, code)
        loss.backward()
    return loss, {"recorder": recorder, "names": {"encoder": encoder, "decoder": decoder}}


@program
def depthwise_on_a_slide() -> Drawn:
    """The same for a slide: in columns, numbers where one ends and the next goes on."""
    thing, options = depthwise()
    return thing, {**options, "page": "16:9"}


@program
def notes_and_colours() -> Drawn:
    """Notes and colours of one's own: the share of zeros in each weight."""
    layers = [
        nn.Linear(6, 12, rng=0),
        nn.ReLU(),
        nn.Linear(12, 12, rng=1),
        nn.ReLU(),
        nn.Linear(12, 2, rng=2),
    ]
    model = nn.Sequential(*layers)
    model[2].weight.data *= array(12, 12) > 0.5

    def zeros(node: Any) -> float | None:
        module = node.call.module() if node.call is not None and node.call.module is not None else None
        held = module if isinstance(module, nn.Linear) else None
        return None if held is None else float((held.weight.numpy() == 0).mean())

    def words(node: Any) -> str | None:
        share = zeros(node)
        return None if share is None else f"{100 * share:.0f} % of the weights are 0"

    return model, {"inputs": array(3, 6), "note": words, "color": zeros}


@program
def part_of_a_transformer() -> Drawn:
    """A part of a picture: the attention of one block."""
    return Block(8), {"inputs": array(2, 5, 8), "between": ("attention", "attention")}


@program
def batch_norm_step() -> Drawn:
    """A training step with batch norm and dropout, after backward."""
    layers = [nn.Conv2d(1, 4, 3, rng=0), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.5, rng=1), nn.Flatten()]
    model = nn.Sequential(*layers, nn.Linear(144, 3, rng=2))
    with viz.record() as recorder:
        loss = F.cross_entropy(model(Tensor(array(4, 1, 8, 8), name="images")), [0, 1, 2, 0])
        loss.backward()
    return loss, {"recorder": recorder, "legend": True}


@program
def forty_five_inputs() -> Drawn:
    """Forty-five inputs of one sum."""
    x = [Tensor(array(2, 3), requires_grad=True, name=f"x{k}") for k in range(45)]
    return F.concatenate(x, axis=0).sum(), {}


@program
def masked_loss() -> Drawn:
    """A loss where a mask chooses, with labels and indices."""
    scores = Tensor(array(4, 6), requires_grad=True, name="scores")
    picked = F.where(array(4, 6) > 0, scores, 0.0)[[0, 2, 3]]
    return F.cross_entropy(picked, np.array([1, 0, 5])), {}


@program
def five_thousand_operations() -> Drawn:
    """Five thousand operations that follow no pattern."""
    rng = np.random.default_rng(0)
    made = [Tensor(array(2, 2), requires_grad=True, name="x")] * 2
    for what in rng.integers(4, size=5000):
        a, b = made[-1], made[-int(rng.integers(1, 8)) % len(made)]
        made.append([a + b, a * b, F.tanh(a), F.relu(a)][what])
    return made[-1], {"max_nodes": 16, "fold": False}


@program
def neural_ode() -> Drawn:
    """Twelve steps of Runge and Kutta through one network."""
    net = nn.Sequential(nn.Linear(2, 8, rng=0), nn.Tanh(), nn.Linear(8, 2, rng=1))
    x, h = Tensor(array(3, 2), requires_grad=True, name="x"), 0.1
    for _ in range(12):
        k1 = net(x)
        k2 = net(x + h * k1)
        x = x + h / 2 * (k1 + k2)
    return x, {"names": {"net": net}}


@program
def graph_network() -> Drawn:
    """Two rounds of messages in a graph network."""
    links = np.eye(5, dtype=np.float32) * 0.5 + 0.1
    first, second = nn.Linear(3, 8, rng=0), nn.Linear(8, 2, rng=1)
    x = Tensor(array(5, 3), name="nodes")
    adjacency = Tensor(links, name="links")
    return adjacency @ second(F.relu(adjacency @ first(x))), {"names": {"first": first, "second": second}}
