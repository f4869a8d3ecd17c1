"""Programs about tensors, each a function of `torch` that returns what it saw; see `test_programs.py`."""

from __future__ import annotations

import copy
import io
import pickle

import numpy as np

from tests.peers.torch_names.worlds import refusal


def made_of_what_programs_have(torch):
    x = torch.tensor([1.0, 2.0])
    shared, bytes_of = np.arange(3.0), bytearray(np.arange(4, dtype=np.float32).tobytes())
    return [
        torch.tensor([torch.tensor(1.0), 2.0]),
        torch.as_tensor(x) is x, torch.as_tensor(x, dtype=torch.float64), torch.from_numpy(shared).data_ptr() == shared.ctypes.data,
        torch.frombuffer(bytes_of, dtype=torch.float32), torch.frombuffer(bytes_of, dtype=torch.int32, count=2, offset=4),
        torch.arange(1, end=5), torch.arange(start=1, end=4), torch.arange(end=3), torch.arange(0, 5, step=2),
        torch.arange(0, 1, step=0.25), torch.arange(start=1, end=8, step=3), torch.FloatTensor(x.shape).shape,
        torch.Tensor(torch.Size([2, 3])).shape, torch.Tensor([[torch.tensor(1.0), 2]]), torch.Tensor(x).data_ptr() == x.data_ptr(),
        torch.randint(low=2, high=5, size=(6,)), torch.randint(2, high=5, size=(6,)), torch.randint_like(x, 9), torch.randint_like(x, 3, 9),
        torch.hann_window(1), torch.hann_window(0), torch.asarray(x) is x,
    ]  # fmt: skip


def refusals_of_what_makes(torch):
    return [
        refusal(torch.tensor, ["a"]), refusal(torch.tensor, "a"), refusal(torch.tensor, object()), refusal(torch.from_numpy, [1]),
        refusal(torch.rand, 2, siz=3), refusal(torch.from_numpy, np.array(["a"])), refusal(torch.from_numpy, np.arange(3, dtype=">i4")), refusal(torch.tensor, [1], dtype="nope"),
        refusal(torch.multinomial, torch.tensor([-1.0, 2.0]), 1), refusal(torch.multinomial, torch.ones(3), 4),
        refusal(torch.set_default_dtype, torch.int64), refusal(torch.device, "nope"), refusal(torch.ones, 2, device="nope"),
        refusal(torch.Generator().set_state, torch.zeros(3, dtype=torch.uint8)), refusal(torch.cuda.FloatTensor, 2),
        refusal(torch.nn.Parameter, torch.ones(2, dtype=torch.int64)), refusal(torch.ones(2, dtype=torch.int64).requires_grad_),
    ]  # fmt: skip


def draws(torch):
    x = torch.zeros(8)
    return [
        x.bernoulli_(torch.full((8,), 0.5)).clone(), torch.full((8,), 0.5).bernoulli(), torch.full((8,), 9.0).bernoulli(0.5),
        torch.zeros(3, dtype=torch.int64).random_(), x.random_().clone(), torch.zeros(3, dtype=torch.uint8).random_(),
        torch.zeros(3, dtype=torch.float64).random_(), torch.zeros(3, dtype=torch.int32).random_(), torch.zeros(3, dtype=torch.bool).random_(),
        x.log_normal_(0.5, 0.25).clone(), x.cauchy_(1.0, 2.0).clone(), torch.zeros(3, dtype=torch.float64).log_normal_(),
        torch.rand(4, dtype=torch.float16), torch.zeros(3, dtype=torch.float16).uniform_(),
        torch.zeros(3, dtype=torch.int16).random_(), x.random_(5, 9).clone(), torch.poisson(torch.zeros(3)), torch.poisson(torch.full((4000,), 3.0)).mean().item() // 0.7,
    ]  # fmt: skip


def devices_types_and_modes(torch):
    cpu, found = torch.device("cpu"), []
    with torch.device("cpu") as device, torch.random.fork_rng():
        found += [device, torch.rand(2)]
    found += [
        torch.rand(2),
        torch.device(cpu),
        {cpu: 1}[torch.device("cpu")],
        pickle.loads(pickle.dumps(cpu)) == cpu,
    ]
    found += [
        pickle.loads(pickle.dumps(torch.float32)) is torch.float32,
        repr(torch.iinfo(torch.int8)),
        repr(torch.finfo(torch.float16)),
    ]
    with torch.inference_mode():
        found.append(torch.is_inference_mode_enabled())
    torch.set_default_device("cpu")
    torch.set_default_device(None)
    torch.set_default_tensor_type(torch.DoubleTensor)
    found.append(torch.tensor([1.0]).dtype)
    torch.set_default_tensor_type("torch.FloatTensor")
    found += [torch.tensor([1.0]).dtype, torch.is_inference_mode_enabled()]
    found += [torch.get_float32_matmul_precision(), torch.is_tensor(torch.get_rng_state())]
    return [*found, torch.autocast("cpu", enabled=False)(lambda: 3)()]


def scaled_steps(torch):
    w = torch.ones(2, requires_grad=True)
    optimizer, scaler = torch.optim.SGD([w], lr=0.5), torch.cuda.amp.GradScaler(enabled=False)
    scaler.scale((w * w).sum()).backward()
    scaler.unscale_(optimizer)
    scaler.step(optimizer)
    scaler.update()
    scaler.load_state_dict(scaler.state_dict())
    return [w.detach(), scaler.get_scale(), scaler.is_enabled(), scaler.state_dict()]


def written_into(torch):
    """`out=`, and assignments by every kind of key."""
    x, found = torch.arange(12.0).reshape(3, 4), []
    for out in (torch.zeros(3, 4), torch.zeros(0)):
        returned = torch.add(x, 1, out=out)
        found += [returned is out, out]
    pair = torch.zeros(3), torch.zeros(3, dtype=torch.int64)
    found += [torch.max(x, 1, out=pair)[0], *pair, torch.add(x, 1, out=None)]
    found.append(refusal(torch.add, torch.ones(2, requires_grad=True), 1, out=torch.zeros(2)))
    y = x.clone()
    y[2] = torch.ones(1, 1, 4)
    y[:, 1:3] = torch.zeros(1, 3, 2)
    y[range(2)] = 5.0
    found += [y, x[range(1, 3)], x[[slice(None), 1]], x[[torch.tensor([0, 2]), torch.tensor([1, 1])]]]
    found += [
        x[torch.tensor([1, 0, 1], dtype=torch.uint8)],
        x[torch.tensor([0, 2], dtype=torch.int32)],
        x[[]].shape,
    ]
    w = torch.ones(3, requires_grad=True)
    z = x * 1
    z[0, :3] = w.reshape(1, 1, 3)
    z[1:3, 0] = w[0]
    z[torch.zeros(3, dtype=torch.bool)] = w[:1]
    (z * x).sum().backward()
    return [*found, z.detach(), w.grad]


def refusals_of_keys_and_writes(torch):
    x, number, w = torch.arange(3.0), torch.tensor(1.0), torch.ones(2, requires_grad=True)
    return [
        refusal(lambda: number[0]), refusal(lambda: x[torch.tensor([1.5])]), refusal(lambda: x.add_(torch.ones(2, 3))),
        refusal(lambda: torch.arange(3).add_(1.5)), refusal(lambda: w.add_(1)), refusal(lambda: x[7]), refusal(len, number),
        refusal(bool, x), refusal(bool, torch.zeros(0)), refusal(lambda: x.item()), refusal(lambda: w.numpy()), refusal(np.asarray, w),
        refusal(lambda: torch.arange(3) ** -1), refusal(lambda: x.size(3)), refusal(lambda: setattr(x, "data", 3)), refusal(lambda: x + "a"),
        refusal(lambda: x // "a"), refusal(lambda: x ** "a"), refusal(lambda: x < "a"), refusal(lambda: x & "a"), refusal(lambda: torch.add(x, "a")),
        refusal(lambda: x == "a"), refusal(lambda: torch.arange(3).mean()),
    ]  # fmt: skip


def refusals_of_shapes(torch):
    x = torch.arange(24.0).reshape(2, 3, 4)
    return [
        refusal(x.transpose, 0, 5), refusal(x.t), refusal(x.permute, 0, 0, 1), refusal(x.permute, 0, 1), refusal(x.expand, 2, 3),
        refusal(x.split, [1, 2], 2), refusal(x.topk, 9), refusal(torch.matmul, x, x.double()),
        refusal(torch.as_strided, x, (2, 2), (1,)), refusal(torch.as_strided, x, (2, 2), (1, 99)), refusal(torch.div, x, 2, rounding_mode="up"),
        refusal(torch.nanquantile, x, 0.5, interpolation="none"),
    ]  # fmt: skip


def operators_of_whole_numbers(torch):
    i, x, b = torch.tensor([3, -5, 7]), torch.tensor([1.5, -2.0, 0.5]), torch.tensor([True, False, True])
    return [
        i ** torch.tensor([0, 1, 2]), i ** 2, i ** np.int64(2), x ** np.float32(2), i ** 0.5, i ** x.abs(), 7 // i, 7 % i, i // 2, 2.5 // x,
        i & 3, 3 | i, 1 ^ i, b & True, torch.fmod(i, 3), torch.fmod(i, torch.tensor(-2)), torch.maximum(i, torch.tensor([4])),
        torch.minimum(i, torch.tensor([0, 0, 9])), i.clamp(-1, 4), i.clamp(min=0), i.clamp(max=0), torch.clamp_max(x, 0.5), x.clamp_max(1),
        torch.rsub(x, 2), torch.rsub(x, 2, alpha=3), torch.nan_to_num(i), torch.matmul(i, i), i[:, None] @ i[None], i.topk(2), i.topk(2, largest=False),
        np.float32(2) * x, x + np.array([1.0, 2.0, 3.0], np.float32), torch.result_type(x, 1.5), i.masked_fill(i > 0, 9),
        i.gather(0, torch.tensor([2, 0])), x < np.float32(1.0), i.is_same_size(x), torch.is_same_size(i, i[:2]),
    ]  # fmt: skip


def reductions(torch):
    x = torch.arange(6.0).reshape(2, 3) - 2
    return [
        torch.std(x, False), torch.var(x, True), x[:1, :1].std(), torch.tensor(3.0).max(0), torch.tensor(3).min(0), torch.norm(x, 0), torch.norm(x, 0, 1),
        x.norm(float("inf")), x.renorm(2, 0, 1.5), x.renorm(1, 1, 2.0), torch.cumulative_trapezoid(x, torch.tensor([0.0, 1.0, 3.0])),
        torch.cumulative_trapezoid(x, torch.tensor([0.0, 3.0]), dim=0), torch.cumulative_trapezoid(x, x * x), torch.cumulative_trapezoid(x, dx=2.0),
        torch.histc(x, 4), torch.histc(x, 4, -1, 2), torch.histc(torch.ones(3), 4), torch.unique_consecutive(torch.tensor([1, 1, 2, 1]), True, True),
        torch.unique_consecutive(torch.tensor([[1, 1], [1, 1], [2, 1]]), dim=0), torch.searchsorted(torch.tensor([[1.0, 3, 5], [2, 4, 6]]), torch.tensor([[3.0], [3.0]])),
        torch.searchsorted(torch.tensor([1.0, 3.0]), 3.0, right=True), torch.cdist(x, x + 1, p=1), torch.cdist(x, x + 1, p=3.0),
    ]  # fmt: skip


def products(torch):
    a, b, v = torch.arange(6.0).reshape(2, 3), torch.arange(12.0).reshape(4, 3), torch.tensor([1.0, 2.0])
    batch = torch.arange(12.0).reshape(2, 2, 3)
    return [
        torch.inner(torch.tensor(2.0), a), torch.inner(a, b), torch.inner(a, b[0]), torch.inner(batch, b), torch.addmm(torch.full((2, 4), float("nan")), a, b.T, beta=0),
        torch.addbmm(torch.ones(2, 2), batch, batch.transpose(1, 2), beta=2, alpha=0.5), torch.addr(torch.ones(2, 3), v, a[0], beta=0.5, alpha=2),
        torch.linalg.solve(torch.eye(2) * 2, a[:, :2] @ a[:, :2], left=False), torch.linalg.qr(a, "r")[1].abs(), torch.linalg.norm(a, 1),
        torch.linalg.norm(a, -float("inf")), torch.linalg.matrix_norm(a, float("inf")), torch.linalg.matrix_norm(batch, -1, keepdim=True), torch.linalg.norm(a, "fro", (0, 1)),
        torch.linalg.norm(a, float("inf"), (1, 0)), torch.svd(a, compute_uv=False)[1], torch.linalg.tensorinv(torch.eye(6).reshape(2, 3, 6) * 2, ind=2),
        torch.linalg.tensorinv(torch.eye(4).reshape(4, 2, 2) + 1, ind=1), torch.linalg.tensorsolve(torch.eye(6).reshape(2, 3, 2, 3) * 2, a),
        torch.linalg.tensorsolve((torch.eye(6) * 2 + 1).reshape(6, 2, 3).permute(1, 0, 2), torch.arange(6.0), dims=(0,)),
    ]  # fmt: skip


def shapes(torch):
    x, i, number = (
        torch.arange(24.0).reshape(2, 3, 4),
        torch.arange(6, dtype=torch.int32),
        torch.tensor(2.0),
    )
    return [
        x.shape + torch.Size([1]), x.shape[1:] + torch.Size([5]), x.size(-1), x.view(torch.int32)[0, 0], i.view(torch.float32), x.unflatten(-1, (2, -1)), x.unflatten(1, (-1,)),
        number.transpose(0, 0), number.t(), number.T, torch.broadcast_shapes((2, 1), (3,)), torch.broadcast_shapes(2, (3, 1)), x.split_with_sizes([1, 2], 1),
        torch.tensor_split(x, [1, 2], dim=2), torch.tensor_split(i, (2, 9)), torch.tensor_split(x, 2, 1), torch.flipud(x), torch.diagflat(x[0, :2]), torch.diagflat(i[:2], 1),
        torch.atleast_1d(number), torch.atleast_1d(number, i), torch.atleast_1d([number, i]), torch.atleast_2d([number, i]), torch.atleast_3d([number, i]),
        torch.cartesian_prod(i), x.is_contiguous(), x.transpose(0, 1).contiguous().stride(), x.permute(2, 0, 1).stride(), x[0, 1].storage_offset(),
    ]  # fmt: skip


def put_by_index(torch):
    x, i = torch.zeros(3, 4), torch.tensor([[0, 2, 1], [1, 0, 0]])
    src, found = torch.arange(1.0, 21.0).reshape(4, 5), []
    for reduce in ("sum", "mean", "prod", "amax", "amin"):
        for include in (True, False):
            found.append((x + 2).scatter_reduce(0, i, src, reduce, include_self=include))
    found += [
        torch.tensor(3.0).gather(0, torch.tensor(0)),
        torch.tensor(3.0).gather(0, torch.tensor([0])),
        src.gather(1, i),
    ]
    found += [
        x.scatter(0, i, src),
        x.scatter(0, i, 7.0),
        x.scatter(1, i, 2.0, reduce="add"),
        (x + 3).scatter(0, i, 2.0, reduce="multiply"),
    ]
    found += [
        x.scatter_add(0, i, src),
        x.masked_scatter(x == 0, src),
        x.bool().masked_scatter(x == 0, src > 3),
    ]
    w, base = torch.arange(1.0, 4.0, requires_grad=True), torch.ones(2, 3, requires_grad=True)
    mask = torch.tensor([[True, False, True], [False, True, False]])
    total = (base.masked_scatter(mask, w) * torch.arange(6.0).reshape(2, 3)).sum()
    total.backward()
    found += [w.grad, base.grad, refusal(lambda: x.masked_scatter(x == 0, torch.ones(2)))]
    y = torch.arange(4.0)
    y.masked_scatter_(y > 1, torch.tensor([9.0, 8.0, 7.0]))
    return [*found, y]


def memory(torch):
    """What stands where in memory, and who shares it."""
    x = torch.arange(6.0).reshape(2, 3)
    turned, w = x.t(), torch.ones(2, 3, requires_grad=True)
    found = [
        turned.contiguous().stride(),
        turned.stride(),
        (w * 2).t().contiguous().stride(),
        (w * 2).t().stride(),
        ((w * 2).t() + 1).stride(),
    ]
    y = torch.zeros(2)
    y.set_(x)
    found += [y, y.data_ptr() == x.data_ptr()]
    z = torch.arange(4.0)
    z.resize_(2, 2)
    found += [
        z.clone(),
        z.resize_(3).clone(),
        torch.zeros(3, 3).fill_diagonal_(2.0),
        torch.zeros(5, 2).fill_diagonal_(2.0, True),
    ]
    found += [
        x.clone().apply_(lambda v: v * 2),
        x.storage().tolist(),
        x.untyped_storage().nbytes(),
        x.storage()[2],
        x.storage().element_size() > 0,
    ]
    found += [x.untyped_storage().data_ptr() == x.data_ptr(), copy.copy(x).data_ptr() == x.data_ptr()]
    p = torch.nn.Parameter(torch.ones(2))
    (p * 3).sum().backward()
    w.sum().backward()
    q, u = copy.deepcopy(p), copy.deepcopy(w)
    found += [type(q).__name__, q.detach(), u.grad, u.grad.data_ptr() != w.grad.data_ptr(), u.requires_grad]
    p.data = torch.zeros(3)
    found += [p.shape, p.requires_grad, p.is_leaf]
    back = pickle.loads(pickle.dumps(x))
    found += [
        back,
        pickle.loads(pickle.dumps(w)).requires_grad,
        np.asarray(x),
        np.array(x, np.float64).dtype.name,
        x.numpy(force=True),
    ]
    return [
        *found,
        x.type("torch.DoubleTensor"),
        x.type("torch.LongTensor"),
        x.type(torch.ByteTensor),
        x.type("torch.CharTensor").dtype,
        x.cpu() is x,
    ]


def printed(torch):
    x = torch.arange(4.0) / 3
    found = []
    try:
        torch.set_printoptions(precision=2, sci_mode=True)
        found.append(str(x))
        torch.set_printoptions(precision=6, sci_mode=False, linewidth=40)
        found += [
            str(x),
            str(torch.arange(30)),
            str(torch.ones(9, dtype=torch.float64, requires_grad=True)),
        ]
        torch.set_printoptions(profile="short")
        found.append(str(x))
    finally:
        torch.set_printoptions(profile="default", sci_mode=None)
        torch.set_printoptions(edgeitems=3, threshold=1000, linewidth=80, precision=4)
    w = torch.ones(2, requires_grad=True)
    return [
        *found,
        str(w * 2),
        repr(w.sum()),
        str(w.reshape(1, 2)),
        w.sum().grad_fn.name(),
        [f[0].name() for f in w.sum().grad_fn.next_functions],
    ]


def files(torch):
    """What is written is read again."""
    x = torch.arange(6.0).reshape(2, 3)
    value = {
        "flipped": x.numpy()[::-1].copy(),
        "number": np.float64(2.5),
        "set": {1, 2},
        "size": x.shape,
        "deep": [[[x[:, 1]]]],
        "text": "ä",
    }
    file = io.BytesIO()
    torch.save(value, file)
    file.seek(0)
    back = torch.load(file, weights_only=False, map_location="cpu")
    again = io.BytesIO()
    torch.save(torch.nn.Sequential(torch.nn.Linear(2, 1), torch.nn.Tanh()), again)
    again.seek(0)
    model = torch.load(again, weights_only=False, map_location=torch.device("cpu"))
    return [
        back["flipped"],
        float(back["number"]),
        sorted(back["set"]),
        back["size"],
        back["deep"][0][0][0],
        back["text"],
        str(model),
    ]
