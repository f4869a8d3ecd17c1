"""What an optimizer knows of a parameter follows it; what a scheduler knows of a group follows that."""

import copy
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_cnn import ArgumentError, DTypeError, StateError, Tensor, nn, optim

NAMES = ["SGD", "Adam", "AdamW", "Adamax", "NAdam", "RMSprop", "Adagrad", "Adadelta"]
OPTIONS = {"SGD": {"lr": 0.1, "momentum": 0.9}, "RMSprop": {"momentum": 0.9}}


def leaves(count):
    return [Tensor(np.linspace(1, 2, 3) + k, requires_grad=True) for k in range(count)]


def step(optimizer, parameters, t):
    for k, p in enumerate(parameters):
        p.grad = Tensor(np.cos(p.numpy() + t + k))
    optimizer.step()


# --------------------------------------------------------------------------- identity, not position
def test_a_parameter_that_takes_anothers_place_does_not_take_its_momentum():
    a, b = (Tensor([1.0], requires_grad=True) for _ in range(2))
    optimizer = optim.SGD([a], lr=1.0, momentum=0.9)
    a.grad = Tensor([100.0])
    optimizer.step()
    optimizer.param_groups[0]["params"][0] = b
    b.grad = Tensor([1.0])
    optimizer.step()
    assert float(b) == 0.0


def test_the_groups_behind_one_that_is_taken_out_keep_their_state():
    a, b = (Tensor([1.0], requires_grad=True) for _ in range(2))
    optimizer = optim.SGD([{"params": [a]}, {"params": [b]}], lr=1.0, momentum=0.5)
    a.grad, b.grad = Tensor([100.0]), Tensor([1.0])
    optimizer.step()
    del optimizer.param_groups[0]
    b.grad = Tensor([1.0])
    optimizer.step()
    assert float(b) == 1 - 1 - 1.5 and list(optimizer.state_dict()["state"]) == [0]


@pytest.mark.parametrize("name", NAMES)
@given(order=st.permutations(range(4)), cut=st.integers(0, 4))
def test_any_order_of_groups_and_parameters_gives_the_same_steps(name, order, cut):
    first, second = leaves(4), leaves(4)
    plain = getattr(optim, name)(first, **OPTIONS.get(name, {}))
    moved = getattr(optim, name)(second, **OPTIONS.get(name, {}))
    for t in range(2):
        step(plain, first, t), step(moved, second, t)
    shuffled = [second[k] for k in order]
    group = moved.param_groups[0]
    moved.param_groups[:] = [{**group, "params": part} for part in (shuffled[:cut], shuffled[cut:]) if part]
    for t in range(2, 4):
        step(plain, first, t), step(moved, second, t)
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


@pytest.mark.parametrize("name", NAMES)
def test_a_copy_of_model_and_optimizer_goes_on_alike(name):
    model = nn.Linear(3, 2, rng=0)
    optimizer = getattr(optim, name)(model.parameters(), **OPTIONS.get(name, {}))
    step(optimizer, list(model.parameters()), 0)
    other_model, other = copy.deepcopy((model, optimizer))
    for m, o in ((model, optimizer), (other_model, other)):
        step(o, list(m.parameters()), 1)
    for a, b in zip(model.parameters(), other_model.parameters(), strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_a_step_in_backward_follows_the_groups():
    a, b = (Tensor([1.0], requires_grad=True) for _ in range(2))
    optimizer = optim.SGD([{"params": [a]}, {"params": [b]}], lr=1.0)
    end = optimizer.step_in_backward()
    del optimizer.param_groups[0]
    optimizer.param_groups[0] = {**optimizer.param_groups[0], "lr": 0.5}
    (a + b).backward()
    assert float(a) == 1.0 and float(b) == 0.5 and b.grad is None
    end()


# --------------------------------------------------------------------------- another's state
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("other", NAMES)
@pytest.mark.parametrize("named", [True, False])
def test_only_a_state_of_the_same_kind_is_taken(name, other, named):
    """Named as this version writes it; without the name, as the versions before wrote it."""
    states = {}
    for kind in (name, other):
        made = getattr(optim, kind)(leaves(2), **OPTIONS.get(kind, {}))
        step(made, made.param_groups[0]["params"], 0)
        states[kind] = made
    state = states[other].state_dict()
    if not named:
        del state["optimizer"]
    optimizer = states[name]
    before = copy.deepcopy(optimizer.state_dict())
    if name == other or (not named and {name, other} == {"Adam", "AdamW"}):  # which nothing tells apart
        optimizer.load_state_dict(state)
        return
    with pytest.raises(StateError, match=f"{name}: the state"):
        optimizer.load_state_dict(state)
    after = optimizer.state_dict()
    assert repr(after) == repr(before)


@pytest.mark.parametrize(
    "state",
    [{}, [], "adam.npz", {"state": {}}, {"state": {7: {}}, "param_groups": [{"params": [0, 1]}]}],
)
def test_what_is_no_state_is_refused(state):
    with pytest.raises(StateError, match="Adam: "):
        optim.Adam(leaves(2)).load_state_dict(state)


# --------------------------------------------------------------------------- a state that is not whole
@pytest.mark.parametrize("name", [*NAMES, "ASGD", "RAdam", "Rprop", "Lion", "LARS", "Adafactor", "LBFGS"])
@pytest.mark.parametrize("value", [None, "text", 1j, np.ones(4), np.full((2, 2), None), {}, -1])
def test_a_state_with_a_part_missing_or_of_another_kind_is_refused(name: str, value: Any) -> None:  # E24
    made, other = (getattr(optim, name)(leaves(1), **OPTIONS.get(name, {})) for _ in range(2))
    for optimizer in (made, other):
        (p,) = optimizer.param_groups[0]["params"]

        def closure(p: Any = p) -> Any:
            p.grad = None
            loss = (p * p).sum()
            loss.backward()
            return loss

        optimizer.step(closure)
    before = repr(made.state_dict())
    for key, kept in other.state_dict()["state"].get(0, {}).items():
        if isinstance(value, int) and not isinstance(kept, int):
            continue  # a number may be below 0; a count may not
        state = other.state_dict()
        if value is None and len(state["state"][0]) == 1:
            continue  # nothing would be left: a parameter that has not moved
        state["state"][0][key] = value
        with pytest.raises(StateError, match=f"{name}: "):
            made.load_state_dict(state)
        assert repr(made.state_dict()) == before


@pytest.mark.parametrize(
    "part",
    [
        {"state": None}, {"state": {0: 5}}, {"state": {"a": {}}}, {"param_groups": None},
        {"param_groups": [5]}, {"param_groups": [{"lr": 1.0}]}, {"param_groups": [{"params": 5}]},
    ],
)  # fmt: skip
def test_a_state_dict_of_another_form_is_refused(part: dict[str, Any]) -> None:  # E24
    optimizer = optim.SGD(leaves(1), lr=0.1, momentum=0.9)
    with pytest.raises(StateError, match="SGD: "):
        optimizer.load_state_dict({**optimizer.state_dict(), **part})


SCHEDULERS: list[Any] = [
    lambda o: optim.StepLR(o, 2), lambda o: optim.ExponentialLR(o, 0.9),
    lambda o: optim.CyclicLR(o, 0.1, 0.2), lambda o: optim.OneCycleLR(o, 0.1, total_steps=9),
    optim.ReduceLROnPlateau,
]  # fmt: skip


@pytest.mark.parametrize("make", SCHEDULERS)
@pytest.mark.parametrize("value", ["x", None, [None], ["x"], [-1.0], {}, 1j])
def test_a_schedulers_state_of_another_kind_is_refused_and_nothing_changed(make: Any, value: Any) -> None:
    optimizer = optim.SGD(leaves(1), lr=0.1, momentum=0.9)
    scheduler = make(optimizer)
    before = repr((scheduler.state_dict(), optimizer.state_dict()))
    for key in scheduler.state_dict():
        with pytest.raises(StateError):
            scheduler.load_state_dict({**scheduler.state_dict(), key: value})
        assert repr((scheduler.state_dict(), optimizer.state_dict())) == before


def test_a_scheduler_that_refuses_a_new_group_can_still_be_saved() -> None:  # E21
    optimizer = optim.SGD(leaves(1), lr=0.1)
    scheduler = optim.LambdaLR(optimizer, [lambda t: 0.5**t])
    optimizer.add_param_group({"params": leaves(1), "lr": 0.3})
    with pytest.raises(ArgumentError, match="given for 1 groups"):
        scheduler.step()
    assert scheduler.state_dict() == {"scheduler": "LambdaLR", "last_epoch": 0, "base_lrs": [0.1, 0.3]}


def test_the_state_of_a_scheduler_of_another_class_is_refused() -> None:  # E2
    optimizer = optim.SGD(leaves(1), lr=0.1)
    step, decay = optim.StepLR(optimizer, 2), optim.ExponentialLR(optimizer, 0.5)
    step.step()
    with pytest.raises(StateError, match="ExponentialLR: the state is that of another class, StepLR"):
        decay.load_state_dict(step.state_dict())
    assert decay.last_epoch == 0
    without = {key: value for key, value in step.state_dict().items() if key != "scheduler"}
    decay.load_state_dict(without)  # nothing tells: as a state that was saved before it could be told
    assert decay.last_epoch == 1


def test_lbfgs_goes_on_after_a_step_that_was_too_small_to_take() -> None:
    (p,) = leaves(1)
    p.data = np.full_like(p.numpy(), 1e-6)
    optimizer, middle = optim.LBFGS([p], lr=1.0), 0.0

    def closure() -> Any:
        optimizer.zero_grad()
        loss = ((p - middle) ** 2).sum() * 0.5
        loss.backward()
        return loss

    optimizer.step(closure)  # the slope is below tolerance_change
    middle = 3.0
    optimizer.step(closure)
    np.testing.assert_allclose(p.numpy(), 3, rtol=1e-4)


# --------------------------------------------------------------------------- the door
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda p: optim.SGD(p, lr="0.1"), "SGD: lr must be a number, got '0.1'"),
        (lambda p: optim.SGD(p, lr=True), "SGD: lr must be a number, got True"),
        (lambda p: optim.SGD(p, nesterov="False"), "SGD: nesterov is True or False, got 'False'"),
        (lambda p: optim.Adam(p, amsgrad=1), "Adam: amsgrad is True or False, got 1"),
        (lambda p: optim.Adam(p, betas=("0.9", 0.99)), "Adam: betas must be a number, got '0.9'"),
        (lambda p: optim.RMSprop(p, centered=None), "RMSprop: centered is True or False"),
        (lambda p: optim.SGD(p[0], lr=0.1), "SGD: params is a Tensor; model.parameters"),
        (lambda p: optim.SGD(set(p), lr=0.1), "SGD: params is a set"),
        (lambda p: optim.SGD([{"params": set(p)}], lr=0.1), "SGD: params is a set"),
        (lambda p: optim.SGD(nn.Linear(1, 1), lr=0.1), "SGD: params is a Linear"),
        (lambda p: optim.SGD(p, lr=0.1).add_param_group(p), "SGD: a group is a dict with 'params'"),
        (lambda p: optim.SGD(p, lr=0.1).zero_grad("no"), "set_to_none is True or False"),
        (lambda p: optim.OneCycleLR(optim.SGD(p), 1.0, 5, cycle_momentum="no"), "cycle_momentum is True"),
        (
            lambda p: optim.ReduceLROnPlateau(optim.SGD(p)).step("1.0"),
            "metrics must be a number, got '1.0'",
        ),
    ],
)
def test_options_of_another_type_are_refused(make, message):
    with pytest.raises(DTypeError, match=message):
        make(leaves(2))


# --------------------------------------------------------------------------- schedulers
def falling(t):
    return 1 / (1 + t)


SCHEDULES = {
    "StepLR": lambda o, _: optim.StepLR(o, 1),
    "LambdaLR": lambda o, several: optim.LambdaLR(
        o, [lambda t: 1 / (1 + t)] * 2 if several else lambda t: 1.0
    ),
    "OneCycleLR": lambda o, several: optim.OneCycleLR(o, [1.0, 0.5] if several else 1.0, total_steps=9),
    "CosineAnnealingLR": lambda o, _: optim.CosineAnnealingLR(o, 5),
    "ReduceLROnPlateau": lambda o, several: optim.ReduceLROnPlateau(
        o, patience=0, min_lr=[0.1, 0.2] if several else 0.1
    ),
}


def make_scheduled(name, several):
    a, b, c = leaves(3)
    optimizer = optim.SGD([{"params": [a]}, {"params": [b]}], lr=1.0, momentum=0.5)
    return optimizer, SCHEDULES[name](optimizer, several), c


def go_on(scheduler):
    scheduler.step(*([9.0] if isinstance(scheduler, optim.ReduceLROnPlateau) else []))


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_group_that_is_added_later_follows_the_one_value_of_all(name):
    optimizer, scheduler, c = make_scheduled(name, several=False)
    go_on(scheduler)
    optimizer.add_param_group({"params": [c], "lr": 0.5})
    for _ in range(2):
        go_on(scheduler)
    assert len(scheduler.get_last_lr()) == 3 and name in repr(scheduler)


@pytest.mark.parametrize("name", ["LambdaLR", "OneCycleLR", "ReduceLROnPlateau"])
def test_a_group_without_a_value_of_its_own_is_named_and_nothing_is_changed(name):
    optimizer, scheduler, c = make_scheduled(name, several=True)
    go_on(scheduler)
    optimizer.add_param_group({"params": [c]})
    before = copy.deepcopy([{k: v for k, v in g.items() if k != "params"} for g in optimizer.param_groups])
    epoch = scheduler.last_epoch
    with pytest.raises(ArgumentError, match=f"{name}: .* was given for 2 groups, of which this is none"):
        go_on(scheduler)
    after = [{k: v for k, v in g.items() if k != "params"} for g in optimizer.param_groups]
    assert before == after and scheduler.last_epoch == epoch


@pytest.mark.parametrize("name", ["LambdaLR", "OneCycleLR", "ReduceLROnPlateau"])
def test_values_of_groups_follow_their_groups(name):
    rates = []
    for swap in (False, True):
        optimizer, scheduler, _ = make_scheduled(name, several=True)
        if swap:
            optimizer.param_groups.reverse()
        for _ in range(3):
            go_on(scheduler)
        found = scheduler.get_last_lr()
        rates.append(found[::-1] if swap else found)
    assert rates[0] == rates[1]


def test_a_schedule_of_the_loss_is_no_part_of_a_sequence():
    optimizer = optim.SGD(leaves(1), lr=1.0)
    parts = [optim.StepLR(optimizer, 1), optim.ReduceLROnPlateau(optimizer)]
    with pytest.raises(DTypeError, match="SequentialLR: schedules of t fit, got a ReduceLROnPlateau"):
        optim.SequentialLR(optimizer, parts, milestones=[2])


def test_a_closure_gives_the_loss():
    w = Tensor([1.0], requires_grad=True)
    optimizer = optim.SGD([w], lr=0.5)

    def closure():
        optimizer.zero_grad()
        loss = (w * w).sum()
        loss.backward()
        return loss

    assert float(optimizer.step(closure)) == 1.0 and float(w) == 0.0
    assert repr(optimizer).startswith("SGD(1 parameters, lr=0.5, momentum=0.0")


def test_what_is_written_into_a_group_by_hand_is_refused_in_words() -> None:
    p = nn.Parameter(np.ones(2, "float32"))
    p.grad = Tensor(np.ones(2, "float32"))
    optimizer = optim.SGD([p], lr=1.0)
    optimizer.param_groups[0]["lr"] = "0.1"
    with pytest.raises(DTypeError, match=r"SGD: lr must be a number, got '0\.1'"):
        optimizer.step()
    del optimizer.param_groups[0]["momentum"]
    with pytest.raises(ArgumentError, match=r"SGD: a group is without its options \['momentum'\]"):
        optimizer.step()
    assert p.tolist() == [1.0, 1.0]


def test_a_schedule_that_cannot_jump_leaves_the_optimizer_as_it_was() -> None:
    def rate(t: int) -> float:
        if t == 3:
            raise ZeroDivisionError
        return 0.5

    optimizer = optim.SGD([Tensor([1.0], requires_grad=True)], lr=1.0)
    scheduler = optim.LambdaLR(optimizer, rate)
    before = dict(optimizer.param_groups[0])
    with pytest.raises(ZeroDivisionError):
        scheduler.load_state_dict({"last_epoch": 3, "base_lrs": [7.0]})
    assert optimizer.param_groups[0] == before
    with pytest.raises(StateError, match="LambdaLR: a scheduler's state dict fits, got 3"):
        scheduler.load_state_dict(3)
