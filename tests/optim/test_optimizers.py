"""Optimizers, clipping and schedulers: the numbers of PyTorch, states, groups and errors.

The tables were recorded from PyTorch 2.13 in float64.
"""

import math

import numpy as np
import pytest

from tinygrad_cnn import ArgumentError, DTypeError, GraphError, StateError, Tensor, nn, optim

#: Optimizer, options, and the three parameters after 50 steps of `slope`.
AFTER_50_STEPS = [
    ("SGD", {"lr": 0.05, "momentum": 0.9, "weight_decay": 0.01, "nesterov": True},
     [-0.44664609788453097, -0.45317245674272355, -0.2929076326569614]),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "dampening": 0.1}, [-0.4785278389780381,
     -0.35869173275175525, -0.22540371026327796]),
    ("Adam", {"lr": 0.05}, [-0.45412927697325944, -0.3561757225103456, 0.44100376218211995]),
    ("Adam", {"lr": 0.05, "weight_decay": 0.1, "amsgrad": True}, [-0.4482890999951286,
     -0.34717586590623445, 0.41393433185466355]),
    ("AdamW", {"lr": 0.05, "weight_decay": 0.1}, [-0.44191687137851476, -0.3523470296094267,
     0.2285726536955681]),
    ("AdamW", {"lr": 0.05, "weight_decay": 0.1, "amsgrad": True}, [-0.4419719534048023,
     -0.3523471224748624, 0.22864691170972237]),
    ("Adamax", {"lr": 0.05, "weight_decay": 0.1}, [-0.44117761574335046, -0.4131131846472695,
     0.8729766606810183]),
    ("NAdam", {"lr": 0.05, "weight_decay": 0.1}, [-0.43635280182390884, -0.4084139876060544,
     0.6688543113284194]),
    ("NAdam", {"lr": 0.05, "weight_decay": 0.1, "decoupled_weight_decay": True},
     [-0.442776620717912, -0.4099401625244369, 0.4782505329244243]),
    ("Adagrad", {"lr": 0.05, "weight_decay": 0.1, "lr_decay": 0.01, "initial_accumulator_value":
     0.1}, [-0.5630266433032766, -0.18759013692176654, 1.518936760781148]),
    ("Adadelta", {"lr": 1.0, "weight_decay": 0.1}, [-0.8259276297137551, 0.11405032094620657,
     1.8344322567094056]),
    ("RMSprop", {"lr": 0.01, "weight_decay": 0.1}, [-0.43678425031467794, -0.38802268466699774,
     1.0708577699773303]),
    ("RMSprop", {"lr": 0.01, "momentum": 0.9}, [-0.4108944434205251, -0.3164477840708025,
     -0.3557566769672927]),
    ("RMSprop", {"lr": 0.01, "momentum": 0.9, "centered": True}, [-0.4104712387773358,
     -0.3147563694102482, -0.3591772967216729]),
]  # fmt: skip

#: Scheduler, options, and the learning rate (and momentum) after 0, 6, 12, ... 60 steps from 0.2.
RATES = [
    ("StepLR", {"step_size": 7, "gamma": 0.5}, [0.2, 0.2, 0.1, 0.05, 0.025, 0.0125, 0.00625,
     0.003125, 0.003125, 0.0015625, 0.00078125], None),
    ("MultiStepLR", {"milestones": [5, 5, 20, 40], "gamma": 0.5}, [0.2, 0.05, 0.05, 0.05, 0.025,
     0.025, 0.025, 0.0125, 0.0125, 0.0125, 0.0125], None),
    ("ExponentialLR", {"gamma": 0.95}, [0.2, 0.147018378125, 0.108072017533, 0.0794428636916,
     0.0583978048678, 0.0429277527886, 0.0315558429576, 0.02319644426, 0.0170515180669,
     0.0125344326538, 0.00921395979739], None),
    ("PolynomialLR", {"total_iters": 40, "power": 1.5}, [0.2, 0.156732255774, 0.117132403715,
     0.0815781833581, 0.0505964425627, 0.025, 0.00632455532034, 0.0, 0.0, 0.0, 0.0], None),
    ("LinearLR", {"start_factor": 0.1, "total_iters": 30}, [0.02, 0.056, 0.092, 0.128, 0.164,
     0.2, 0.2, 0.2, 0.2, 0.2, 0.2], None),
    ("CosineAnnealingLR", {"T_max": 17, "eta_min": 0.01}, [0.2, 0.147345143799, 0.047749709544,
     0.01161755553, 0.0790020159432, 0.175205847136, 0.193584861793, 0.113765494149,
     0.0242293721057, 0.0242293721057, 0.113765494149], None),
    ("CosineAnnealingWarmRestarts", {"T_0": 9, "eta_min": 0.01}, [0.2, 0.0575, 0.1525, 0.2,
     0.0575, 0.1525, 0.2, 0.0575, 0.1525, 0.2, 0.0575], None),
    ("CosineAnnealingWarmRestarts", {"T_0": 7, "T_mult": 2}, [0.2, 0.00990311320976,
     0.143388373912, 0.0218168517532, 0.194388333031, 0.153203207652, 0.0888035523897,
     0.0292893218813, 0.000628779010676, 0.196091732195, 0.181556086896], None),
    ("OneCycleLR", {"max_lr": 0.5, "total_steps": 60}, [0.02, 0.153022794614, 0.404632312731,
     0.499300952091, 0.466506484921, 0.390830451196, 0.287261417502, 0.176312501152, 0.07995849573,
     0.0172834937127, 0.000701047908502], [0.95, 0.922286917789, 0.869868268181, 0.850139810141,
     0.856698729811, 0.871833997097, 0.892547886691, 0.914737758721, 0.934008636889, 0.946543687432,
     0.949860189859]),
    ("OneCycleLR", {"max_lr": 0.5, "total_steps": 61, "three_phase": True, "anneal_strategy":
     "linear", "pct_start": 0.35}, [0.02, 0.161523341523, 0.303046683047, 0.44457002457,
     0.413906633907, 0.272383292383, 0.13085995086, 0.018652984456, 0.0124359896373,
     0.00621899481865, 2e-06], [0.95, 0.920515970516, 0.891031941032, 0.861547911548,
     0.867936117936, 0.89742014742, 0.926904176904, 0.95, 0.95, 0.95, 0.95]),
    ("OneCycleLR", {"max_lr": 0.5, "epochs": 6, "steps_per_epoch": 10, "pct_start": 0.001},
     [0.499696651115, 0.483643144465, 0.444673685233, 0.386610453199, 0.31514837243, 0.237296545064,
     0.16069078864, 0.0928447042917, 0.0404127321039, 0.00853747420103, 0.000345301042884],
     [0.85006067002, 0.853271384193, 0.861065307215, 0.872678000072, 0.886970473396, 0.902540901151,
     0.91786211372, 0.931431384867, 0.941917821251, 0.948292898331, 0.949931339517]),
]  # fmt: skip
SEQUENCE = [
    0.02, 0.128, 0.197015400307, 0.155903545523, 0.0871987751144, 0.0281433855344, 0.18, 0.09565938,
    0.0508373165666, 0.0270170343535, 0.0143579597538,
]  # fmt: skip


def slope(w, t):
    """A gradient that changes with the parameters and with time."""
    return np.array([0.5, 1.0, 2.0]) * (w - np.sin(t * np.arange(3.0))) + np.cos(3 * w)


def walk(optimizer, w, start, stop):
    """Some steps with the gradients of `slope`."""
    for t in range(start, stop):
        w.grad = Tensor(slope(w.numpy().copy(), t))
        optimizer.step()


def started():
    return Tensor(np.array([-1.0, 0.25, 2.0]), requires_grad=True)


def sgd(lr=0.2, momentum=0.5):
    return optim.SGD([Tensor(np.zeros(1), requires_grad=True)], lr=lr, momentum=momentum)


# --------------------------------------------------------------------------- optimizers
@pytest.mark.parametrize(("name", "options", "expected"), AFTER_50_STEPS)
def test_fifty_steps_are_those_of_pytorch(name, options, expected):
    w = started()
    walk(getattr(optim, name)([w], **options), w, 0, 50)
    np.testing.assert_allclose(w.numpy(), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", [optim.SGD, optim.Adam])
def test_steps_in_backward_are_the_same_steps(kind: type[optim.Optimizer]) -> None:
    def trained(early: bool) -> tuple[list[np.ndarray], dict]:
        shared = nn.Linear(3, 3, rng=0)
        model = nn.Sequential(shared, nn.Tanh(), nn.Linear(3, 3, rng=1), shared)
        model[2].bias.requires_grad_(False)
        optimizer = kind(model.parameters(), lr=0.1)
        end = optimizer.step_in_backward() if early else None
        for k in range(4):
            (model(Tensor(np.full((2, 3), k, "float32"))) ** 2).sum().backward()
            if k == 2 and end is not None:
                assert all(p.grad is None for p in model.parameters())
                end()
            optimizer.step()
            optimizer.zero_grad()
        return list(model.state_dict().values()), optimizer.state_dict()["state"]

    (usual, state), (early, other) = trained(False), trained(True)
    assert all(np.array_equal(a, b) for a, b in zip(usual, early, strict=True))
    assert state.keys() == other.keys()
    for k, own in state.items():
        assert all(np.array_equal(value, other[k][key]) for key, value in own.items())


@pytest.mark.parametrize(("name", "options", "expected"), AFTER_50_STEPS)
def test_a_state_taken_in_the_middle_goes_on_bit_by_bit(name, options, expected):
    w = started()
    first = getattr(optim, name)([w], **options)
    walk(first, w, 0, 20)
    state, middle = first.state_dict(), w.numpy().copy()
    walk(first, w, 20, 50)  # the state is a copy, which this does not touch
    other = Tensor(middle, requires_grad=True)
    second = getattr(optim, name)([other])
    second.load_state_dict(state)
    walk(second, other, 20, 50)
    assert np.array_equal(other.numpy(), w.numpy())
    assert second.state_dict()["param_groups"] == first.state_dict()["param_groups"]


@pytest.mark.parametrize(("name", "options", "expected"), AFTER_50_STEPS)
def test_float32_and_0d_parameters_stay_what_they_are(name, options, expected):
    w = Tensor(np.float32(1.5), requires_grad=True)
    optimizer = getattr(optim, name)([w], **options)
    for _ in range(3):
        optimizer.zero_grad()
        (w * w).backward()
        optimizer.step()
    assert w.dtype == np.float32 and w.shape == () and 0 < float(w) < 1.5
    arrays = [v for v in optimizer.state[w].values() if isinstance(v, np.ndarray)]
    assert all(v.dtype == np.float32 for v in arrays) if optimizer.state[w] else name == "SGD"


@pytest.mark.parametrize(("name", "options", "expected"), AFTER_50_STEPS)
def test_a_0d_parameter_moves_as_one_of_length_1(name, options, expected):
    single, several = (Tensor(np.full(shape, 1.5), requires_grad=True) for shape in ((), (1,)))
    for w in (single, several):
        optimizer = getattr(optim, name)([w], **options)
        for t in range(10):
            w.grad = Tensor(np.cos(w.numpy() * t))
            optimizer.step()
    assert float(single) == float(several)


LARGE = {"Adadelta": {"lr": 50.0}, "Adagrad": {"lr": 0.5}, "SGD": {"lr": 0.1}}


@pytest.mark.parametrize("name", sorted({row[0] for row in AFTER_50_STEPS}))
def test_a_quadratic_decreases(name):
    w = Tensor([3.0, -2.0], requires_grad=True)
    optimizer = getattr(optim, name)([w], **LARGE.get(name, {"lr": 0.05}))
    losses = []
    for _ in range(100):
        optimizer.zero_grad()
        loss = (w * w * Tensor([1.0, 3.0])).sum()
        loss.backward()
        optimizer.step()
        losses.append(float(loss))
    assert losses[-1] < losses[50] < losses[0] and losses[-1] < 0.2 * losses[0]


def test_groups_have_options_of_their_own():
    a, b, c = (Tensor([1.0], requires_grad=True) for _ in range(3))
    optimizer = optim.AdamW(
        [{"params": [a]}, {"params": b, "lr": 0.5, "weight_decay": 0.0}], lr=0.25, weight_decay=1.0
    )
    optimizer.add_param_group({"params": [c], "lr": 0.0})
    for w in (a, b, c):
        w.grad = Tensor([2.0])
    optimizer.step()
    assert [float(w.numpy()[0].round(5)) for w in (a, b, c)] == [0.5, 0.5, 1.0]
    a.grad = None
    optimizer.step()  # a parameter without a gradient stays, even with weight decay
    assert float(a.numpy()[0].round(5)) == 0.5 and optimizer.state[a]["step"] == 1


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("SGD", {"lr": -1}, r"SGD: lr must lie in \[0, inf\], got -1"),
        ("SGD", {"nesterov": True}, "SGD: nesterov needs momentum above 0"),
        ("Adam", {"betas": (0.9, 1.0)}, r"Adam: betas must be two numbers in \[0, 1\)"),
        ("AdamW", {"eps": -1e-8}, "AdamW: eps must lie in"),
        ("Adamax", {"betas": (0.9,)}, "Adamax: betas must be two numbers"),
        ("NAdam", {"momentum_decay": -1}, "NAdam: momentum_decay must lie in"),
        ("Adagrad", {"lr_decay": math.nan}, "Adagrad: lr_decay must lie in"),
        ("Adadelta", {"rho": 1.5}, r"Adadelta: rho must lie in \[0, 1\]"),
        ("RMSprop", {"alpha": 2}, r"RMSprop: alpha must lie in \[0, 1\]"),
    ],
)
def test_optimizers_refuse_options_out_of_range(name, options, message):
    with pytest.raises(ArgumentError, match=message):
        getattr(optim, name)([started()], **options)


def test_optimizers_refuse_what_is_no_parameter_and_a_state_that_does_not_fit():
    w = started()
    with pytest.raises(ArgumentError, match="NAdam: got no parameters"):
        optim.NAdam([])
    with pytest.raises(ArgumentError, match="given twice"):
        optim.RMSprop([w, w])
    with pytest.raises(DTypeError, match="parameter 0 is a float"):
        optim.Adagrad([1.0])
    with pytest.raises(GraphError, match="not a float leaf"):
        optim.Adamax([w * 2])
    with pytest.raises(ArgumentError, match=r"Adadelta: unknown option \['betas'\]"):
        optim.Adadelta([{"params": [w], "betas": (0, 0)}])
    optimizer = optim.Adagrad([w])
    walk(optimizer, w, 0, 1)
    other = optim.Adagrad([Tensor([1.0], requires_grad=True)])
    with pytest.raises(StateError, match=r"sum of parameter 0 has shape \(3,\), expected \(1,\)"):
        other.load_state_dict(optimizer.state_dict())


# --------------------------------------------------------------------------- clipping
def with_gradients(*gradients):
    found = []
    for g in gradients:
        w = Tensor(np.zeros(np.shape(g)), requires_grad=True)
        w.grad = None if g is None else Tensor(np.array(g, float))
        found.append(w)
    return found


@pytest.mark.parametrize(("order", "norm"), [(2.0, 13.0), (1.0, 19.0), (math.inf, 12.0)])
def test_the_norm_over_all_gradients(order, norm):
    a, b, c = with_gradients([3.0, -4.0], [[12.0]], [])
    c.grad = None
    found = optim.clip_grad_norm_([a, b, c], 6.5, order)
    assert found == pytest.approx(norm) and type(found) is float
    factor = 6.5 / (norm + 1e-6)
    np.testing.assert_allclose(a.grad.numpy(), [3 * factor, -4 * factor])
    np.testing.assert_allclose(b.grad.numpy(), [[12 * factor]])
    before = a.grad.numpy().copy()
    optim.clip_grad_norm_([a, b], 100.0)  # small enough already: left bit by bit
    assert np.array_equal(a.grad.numpy(), before) and c.grad is None
    assert optim.clip_grad_norm_([c], 1.0) == 0.0


def test_a_gradient_shared_by_two_leaves_is_scaled_once():
    a, b = with_gradients([3.0], [3.0])
    b.grad = a.grad
    optim.clip_grad_norm_([a, b], 1.5)
    assert a.grad is b.grad and float(a.grad.numpy()[0]) == pytest.approx(1.5, rel=1e-6)


def test_norms_that_are_not_finite():
    a, b = with_gradients([1.0, np.inf], [2.0])
    with pytest.raises(GraphError, match="clip_grad_norm_: the gradients' norm is inf"):
        optim.clip_grad_norm_([a, b], 1.0, error_if_nonfinite=True)
    assert a.grad.numpy().tolist() == [1.0, np.inf] and b.grad.numpy().tolist() == [2.0]
    assert optim.clip_grad_norm_([a, b], 1.0) == np.inf
    np.testing.assert_array_equal(a.grad.numpy(), [0.0, np.nan])
    assert math.isnan(optim.clip_grad_norm_([a, b], 1.0))
    np.testing.assert_array_equal(b.grad.numpy(), [np.nan])


def test_a_graph_that_needs_the_gradient_is_told():
    x = Tensor([3.0], requires_grad=True)
    (x * x * x).sum().backward(create_graph=True)
    penalty = (x.grad * x.grad).sum()
    optim.clip_grad_norm_(x, 1.0)
    with pytest.raises(GraphError, match="written over"):
        penalty.backward()


def test_clipping_by_value():
    a, b = with_gradients([-7.0, 0.5, np.nan, np.inf], [[2.0]])
    optim.clip_grad_value_([a, b], 1.0)
    np.testing.assert_array_equal(a.grad.numpy(), [-1.0, 0.5, np.nan, 1.0])
    optim.clip_grad_value_(b, 0.25)
    assert b.grad.numpy().tolist() == [[0.25]]
    for call in (lambda: optim.clip_grad_value_(a, -1), lambda: optim.clip_grad_norm_(a, math.nan)):
        with pytest.raises(ArgumentError, match=r"must lie in \[0, inf\]"):
            call()
    with pytest.raises(ArgumentError, match="norm_type must lie in"):
        optim.clip_grad_norm_(a, 1.0, 0.5)


# --------------------------------------------------------------------------- schedulers
def followed(scheduler, optimizer):
    """Learning rates and momenta at 0, 1, ... 60 steps."""
    found = []
    for t in range(61):
        group = optimizer.param_groups[0]
        assert scheduler.get_last_lr() == [group["lr"]] and scheduler.last_epoch == t
        found.append((group["lr"], group["momentum"]))
        if t < 60:
            scheduler.step()
    return np.array(found).T


@pytest.mark.parametrize(("name", "options", "rates", "momenta"), RATES)
def test_sixty_steps_are_those_of_pytorch(name, options, rates, momenta):
    optimizer = sgd()
    lr, momentum = followed(getattr(optim, name)(optimizer, **options), optimizer)
    np.testing.assert_allclose(lr[::6], rates, rtol=0, atol=1e-12)
    np.testing.assert_allclose(momentum[::6], momenta or [0.5] * 11, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("name", "options", "rates", "momenta"), RATES)
def test_a_scheduler_goes_on_from_its_state(name, options, rates, momenta):
    optimizer, other = sgd(), sgd(lr=9.0)
    first = getattr(optim, name)(optimizer, **options)
    for _ in range(23):
        first.step()
    second = getattr(optim, name)(other, **options)
    second.load_state_dict(first.state_dict())
    for _ in range(20):
        assert other.param_groups[0]["lr"] == optimizer.param_groups[0]["lr"]
        assert first.state_dict() == second.state_dict()
        first.step()
        second.step()
    with pytest.raises(StateError, match=f"{name}: the state has keys"):
        second.load_state_dict({"last_epoch": 3})
    with pytest.raises(StateError, match="the state has 2 groups, the optimizer 1"):
        second.load_state_dict({"last_epoch": 3, "base_lrs": [1.0, 2.0]})


def test_a_warm_up_before_other_schedules():
    optimizer = sgd()
    parts = [
        optim.LinearLR(optimizer, 0.1, 1.0, 10),
        optim.CosineAnnealingLR(optimizer, 25, 0.01),
        optim.ExponentialLR(optimizer, 0.9),
    ]
    lr, _ = followed(optim.SequentialLR(optimizer, parts, [10, 35]), optimizer)
    np.testing.assert_allclose(lr[::6], SEQUENCE, rtol=0, atol=1e-12)


def test_lambdas_per_group():
    a, b = started(), started()
    optimizer = optim.SGD([{"params": [a]}, {"params": [b], "lr": 1.0}], lr=0.5)
    scheduler = optim.LambdaLR(optimizer, [lambda t: 1 / (1 + t), lambda t: 0.5**t])
    for t in range(60):
        assert scheduler.get_last_lr() == [0.5 / (1 + t), 0.5**t]
        scheduler.step()
    with pytest.raises(ArgumentError, match="got 1 functions for 2 groups"):
        optim.LambdaLR(optimizer, [abs])
    with pytest.raises(DTypeError, match="must be a function of t"):
        optim.LambdaLR(optimizer, 3)


@pytest.mark.parametrize(
    ("options", "changes"),
    [
        ({"patience": 2, "cooldown": 3, "factor": 0.5},
         {0: 0.2, 8: 0.1, 14: 0.05, 20: 0.025, 26: 0.0125, 33: 0.00625, 39: 0.003125, 45: 0.0015625,
          51: 0.00078125, 58: 0.000390625}),
        ({"mode": "max", "patience": 1, "threshold_mode": "abs", "threshold": 0.05, "min_lr": 0.01},
         {0: 0.2, 2: 0.02, 4: 0.01}),
    ],
)  # fmt: skip
def test_plateaus_are_those_of_pytorch(options, changes):
    optimizer = sgd()
    scheduler = optim.ReduceLROnPlateau(optimizer, **options)
    expected = 0.2
    for t in range(60):
        if t == 30:  # carry on with another one
            state, rest = scheduler.state_dict(), optimizer.state_dict()
            optimizer = sgd()
            optimizer.load_state_dict(rest)
            scheduler = optim.ReduceLROnPlateau(optimizer, **options)
            scheduler.load_state_dict(state)
        scheduler.step(Tensor(1 / (1 + t) + 0.3 * math.sin(t)))
        expected = changes.get(t, expected)
        assert scheduler.get_last_lr()[0] == pytest.approx(expected, rel=1e-12)


def test_one_cycle_moves_betas_and_ends():
    optimizer = optim.Adam([started()], lr=1.0)
    scheduler = optim.OneCycleLR(optimizer, 0.1, total_steps=10)
    assert optimizer.param_groups[0]["betas"] == (0.95, 0.999)
    for _ in range(10):
        scheduler.step()
    with pytest.raises(ArgumentError, match="step 11 of a schedule of 10 steps"):
        scheduler.step()
    with pytest.raises(ArgumentError, match="the optimizer has no momentum; pass cycle_momentum=False"):
        optim.OneCycleLR(optim.Adagrad([started()]), 0.1, total_steps=10)
    with pytest.raises(ArgumentError, match="give total_steps, or epochs and steps_per_epoch"):
        optim.OneCycleLR(optimizer, 0.1)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda o: optim.StepLR(o, 0), ArgumentError, "step_size must be at least 1"),
        (lambda o: optim.StepLR(None, 1), DTypeError, "StepLR: needs an Optimizer, got None"),
        (lambda o: optim.ReduceLROnPlateau(3), DTypeError, "needs an Optimizer"),
        (lambda o: optim.MultiStepLR(o, [3, 2]), ArgumentError, "milestones must not fall"),
        (lambda o: optim.LinearLR(o, 0), ArgumentError, r"start_factor must lie in \(0, 1\]"),
        (lambda o: optim.ReduceLROnPlateau(o, factor=1.0), ArgumentError, "factor must lie in"),
        (lambda o: optim.ReduceLROnPlateau(o, "least"), ArgumentError, "mode must be one of"),
        (lambda o: optim.ReduceLROnPlateau(o, min_lr=[0, 0]), ArgumentError, "got 2 min_lr for 1"),
        (lambda o: optim.ReduceLROnPlateau(o).step("x"), DTypeError, "metrics must be a number"),
        (lambda o: optim.OneCycleLR(o, [1.0, 2.0], 5), ArgumentError, "got 2 max_lr for 1 groups"),
        (lambda o: optim.SequentialLR(o, [], []), ArgumentError, "needs schedulers"),
        (lambda o: optim.SequentialLR(o, [optim.StepLR(o, 1)], [3]), ArgumentError, "need 0 milestones"),
        (lambda o: optim.SequentialLR(o, [optim.StepLR(o, 1)] * 3, [3, 3]), ArgumentError, "must rise"),
        (lambda o: optim.SequentialLR(sgd(), [optim.StepLR(o, 1)], []), ArgumentError, "all of the"),
    ],
)  # fmt: skip
def test_schedulers_refuse(make, error, message):
    with pytest.raises(error, match=message):
        make(sgd())


def test_training_with_all_of_it():
    model = nn.Sequential(nn.Linear(2, 8, rng=0), nn.Tanh(), nn.Linear(8, 2, rng=1))
    x = np.random.default_rng(0).normal(size=(64, 2)).astype(np.float32)
    labels = (x[:, 0] * x[:, 1] > 0).astype(int)
    optimizer = optim.NAdam(model.parameters(), lr=0.05)
    scheduler, loss_of = optim.CosineAnnealingLR(optimizer, 60), nn.CrossEntropyLoss()
    losses = []
    for _ in range(60):
        optimizer.zero_grad()
        loss = loss_of(model(Tensor(x)), labels)
        loss.backward()
        optim.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        losses.append(float(loss))
    assert losses[-1] < 0.3 * losses[0]


def test_lion_steps_by_the_sign_of_a_mixed_mean():
    w = Tensor([1.0, -2.0], requires_grad=True, dtype="float64")
    optimizer, mean, value = optim.Lion([w], lr=0.1, weight_decay=0.5), np.zeros(2), np.array([1.0, -2.0])
    for g in ([1.0, -3.0], [-8.0, 0.1], [0.2, 0.2]):
        w.grad = Tensor(np.array(g))
        optimizer.step()
        value = value * (1 - 0.1 * 0.5) - 0.1 * np.sign(0.9 * mean + 0.1 * np.array(g))
        mean = 0.99 * mean + 0.01 * np.array(g)
        np.testing.assert_allclose(w.numpy(), value, rtol=1e-12)


def test_lars_gives_each_weight_a_rate_of_its_own_and_others_that_of_sgd():
    rng = np.random.default_rng(0)
    start = [rng.normal(size=shape) for shape in ((3, 2), (4,), (2, 2))]
    start[2][:] = 0  # of no size: the plain rate
    ours = [Tensor(value, requires_grad=True) for value in start]
    decay, trust = 0.1, 0.02
    lars = optim.LARS(ours, lr=0.5, momentum=0.9, weight_decay=decay, trust_coefficient=trust)
    values, speeds = [value.copy() for value in start], [0.0, 0.0, 0.0]
    for step in range(3):
        slopes = [rng.normal(size=value.shape) for value in values]
        for k, (p, g) in enumerate(zip(ours, slopes, strict=True)):
            p.grad = Tensor(g)
            w, rate = values[k], 0.5
            if k != 1 and np.linalg.norm(w):
                rate *= trust * np.linalg.norm(w) / (np.linalg.norm(g) + decay * np.linalg.norm(w))
            speeds[k] = 0.9 * speeds[k] + rate * (g + (decay * w if k != 1 else 0))
            values[k] = w - speeds[k]
        lars.step()
        for p, value in zip(ours, values, strict=True):
            np.testing.assert_allclose(p.numpy(), value, rtol=1e-12, err_msg=f"step {step}")


def test_lbfgs_goes_on_from_its_state():
    def start():
        w = Tensor([3.0, -2.0, 0.5], requires_grad=True, dtype="float64")
        optimizer = optim.LBFGS([w], max_iter=3, line_search_fn="strong_wolfe")

        def closure():
            optimizer.zero_grad()
            loss = ((w - 1) ** 4).sum() + (w[0] * w[1]) ** 2
            loss.backward()
            return loss

        return w, optimizer, closure

    w, optimizer, closure = start()
    optimizer.step(closure)
    other, again, closure2 = start()
    other.data = w.numpy()
    again.load_state_dict(optimizer.state_dict())
    optimizer.step(closure)
    again.step(closure2)
    assert np.array_equal(w.numpy(), other.numpy())


def test_parameters_may_come_with_their_names():
    model, twin = nn.Linear(2, 3, rng=0), nn.Linear(2, 3, rng=0)
    optimizer = optim.Adam(model.named_parameters(), lr=0.1)
    assert all(map(lambda p, q: p is q, optimizer.param_groups[0]["params"], model.parameters()))
    other = optim.Adam([{"params": twin.named_parameters(), "lr": 0.1}])
    for net, one in ((model, optimizer), (twin, other)):
        net(np.ones((1, 2), "f4")).sum().backward()
        one.step()
    np.testing.assert_equal(model.state_dict(), twin.state_dict())


@pytest.mark.parametrize("size", [300.0, 1e-4])
@pytest.mark.parametrize(
    "name", ["Adam", "AdamW", "NAdam", "RMSprop", "Adagrad", "Adadelta", "LARS", "Muon", "LBFGS"]
)
def test_the_steps_of_float16_parameters_are_computed_in_float32(name: str, size: float) -> None:  # E8
    """Squares of 300 overflow in float16, and those of 1e-4 vanish, as does eps."""
    moved = []
    for dtype in (np.float16, np.float64):
        p = Tensor(np.ones((2, 2), dtype), requires_grad=True)
        optimizer = getattr(optim, name)([p], lr=0.01)

        def closure(p: Tensor = p) -> Tensor:
            p.grad = Tensor(np.array([[1, 2], [3, 4]], p.dtype) * p.dtype.type(size))
            return p.detach().sum()

        optimizer.step(closure)
        other = getattr(optim, name)([p], lr=0.01)
        other.load_state_dict(optimizer.state_dict())
        other.step(closure)
        moved.append(p.numpy().astype(float))
    np.testing.assert_allclose(*moved, atol=2e-3, rtol=2e-3)
