"""Expressions of `torch.*` and of Tensor methods, one a line; each means the same in PyTorch."""

CREATION = """
torch.tensor([1, 2]) | torch.tensor([1.0, 2]) | torch.tensor([True, False]) | torch.tensor(3) | torch.tensor([[1, 2.5]])
torch.tensor([1, 2], dtype=torch.float64) | torch.tensor(np.arange(3)) | torch.tensor([np.float32(1), np.float32(2)])
torch.as_tensor([1, 2]) | torch.from_numpy(np.arange(3.0)) | torch.zeros(2, 3) | torch.zeros((2, 3)) | torch.zeros([2])
torch.zeros(size=(2, 1)) | torch.ones(2, dtype=torch.int64) | torch.full((2, 2), 7) | torch.full((2,), 0.5) | torch.empty(2, 3).shape
torch.arange(5) | torch.arange(1, 5) | torch.arange(1, 2, 0.25) | torch.arange(0, 1, 0.1) | torch.arange(5.0) | torch.arange(5, 0, -2)
torch.linspace(0, 1, 5) | torch.linspace(-2, 3, 7) | torch.linspace(0, 1, 1) | torch.logspace(0, 2, 3) | torch.eye(3) | torch.eye(2, 3)
torch.zeros_like(x) | torch.ones_like(i) | torch.full_like(x, 2) | torch.empty_like(x).shape | torch.rand_like(x) | torch.randn_like(x)
torch.rand(3) | torch.rand(2, 3) | torch.randn(2, 10) | torch.randn(17) | torch.randn(5, dtype=torch.float64) | torch.randint(10, (4,))
torch.randint(2, 5, (3, 3)) | torch.randperm(7) | torch.normal(0.0, 1.0, (3,)) | torch.normal(torch.zeros(20), 2.0) | torch.bernoulli(p.detach() / 4)
torch.multinomial(p, 2) | torch.multinomial(p, 5, replacement=True) | torch.multinomial(p[0], 1) | torch.empty(20).uniform_(-1, 1)
torch.empty(20).normal_(1, 2) | torch.empty(8).bernoulli_(0.3) | torch.empty(4).exponential_() | torch.empty(3).random_(10)
torch.tril_indices(3, 3) | torch.triu_indices(3, 4, 1) | torch.meshgrid(torch.arange(2), torch.arange(3), indexing='ij')
torch.cartesian_prod(torch.arange(2), torch.arange(2)) | x.new_zeros(2) | x.new_ones((2, 2)) | x.new_full((2,), 3.0) | x.new_tensor([1, 2])
torch.FloatTensor([1, 2]) | torch.LongTensor([1, 2]) | torch.Tensor([1, 2]) | torch.Tensor(2, 3).shape | torch.FloatTensor(2, 3).shape
torch.vander(torch.tensor([1.0, 2.0])) | torch.hann_window(5) | torch.nonzero(mask) | torch.Generator().manual_seed(3).initial_seed()
torch.rand(3, generator=torch.Generator().manual_seed(1)) | torch.randperm(5, generator=torch.Generator().manual_seed(1))
torch.get_rng_state().dtype | torch.initial_seed() | torch.range(1, 3) | torch.randint(0, 2, size=(3,))
"""

POINTWISE = """
torch.abs(x) | x.abs() | torch.exp(x) | x.exp() | torch.log(p) | p.log() | torch.log2(p) | torch.log10(p) | torch.log1p(p) | torch.sqrt(p)
torch.rsqrt(p) | p.rsqrt() | torch.square(x) | torch.sin(x) | torch.cos(x) | torch.tan(x) | torch.asin(x / 4) | torch.acos(x / 4)
torch.atan(x) | torch.sinh(x) | torch.cosh(x) | torch.tanh(x) | torch.asinh(x) | torch.acosh(p + 1) | torch.atanh(x / 4) | torch.erf(x)
torch.erfc(x) | torch.expm1(x) | torch.exp2(x) | torch.sigmoid(x) | x.sigmoid() | torch.relu(x) | torch.neg(x) | torch.reciprocal(p)
torch.ceil(x) | torch.floor(x) | torch.round(x) | torch.round(x, decimals=1) | torch.trunc(x) | torch.frac(x) | torch.sign(x)
torch.clamp(x, -0.5, 0.5) | torch.clamp(x, min=0) | x.clamp(max=0.1) | x.clamp_min(0.0) | torch.clip(x, 0, 1) | torch.clamp(x, min=y)
torch.add(x, y) | torch.add(x, y, alpha=2) | torch.sub(x, y) | torch.mul(x, 3) | torch.div(x, p) | torch.div(x, 2) | torch.true_divide(x, 2)
torch.div(i, 2, rounding_mode='floor') | torch.div(x, 0.3, rounding_mode='trunc') | torch.floor_divide(i, 2) | torch.remainder(x, 0.3)
torch.fmod(x, 0.3) | i % 2 | i // 2 | i / 2 | x.detach() // 0.5 | -i // 2 | torch.pow(p, 2) | torch.pow(p, x) | p ** 0.5 | 2 ** x | i ** 2 | x ** 3
torch.maximum(x, y) | torch.minimum(x, y) | torch.max(x, y) | torch.min(x, y) | torch.atan2(x, y) | torch.hypot(x, y) | torch.lerp(x, y, 0.3)
torch.addcmul(x, y, p, value=0.5) | torch.addcdiv(x, y, p, value=0.5) | torch.logaddexp(x, y) | torch.xlogy(x, p) | torch.logit(p / 8)
torch.nan_to_num(torch.tensor([1.0, float('nan'), float('inf')])) | torch.deg2rad(x) | torch.rad2deg(x) | torch.copysign(x, y)
torch.heaviside(x.detach(), y) | torch.float_power(p, 2) | x + 1 | 1 + x | x - y | 1 - x | x * 2 | 2 / p | -x | +x | abs(x) | x @ m
x + i | i + 1.5 | i * 2 | mask * 2 | mask + mask | x * mask | i + torch.tensor(1.5) | torch.tensor(2) * x | x.double() + y | x + 1e40
torch.result_type(i, 1.0) | torch.result_type(x, i) | torch.promote_types(torch.int64, torch.float16) | torch.can_cast(torch.float64, torch.float32)
x.add(1) | x.sub(y) | x.mul(y) | x.div(p) | x.pow(2) | x.neg() | x.square() | p.sqrt() | x.sin() | x.cos() | x.tanh() | x.floor() | x.round()
x.softmax(1) | x.softmax(dim=-1) | torch.softmax(x, 0) | x.log_softmax(1) | torch.log_softmax(x, dim=1) | torch.logsumexp(x, 1)
torch.eq(x, y) | x == 0 | x > y | x.gt(0) | x.lt(y) | x.ge(0) | x.le(y) | x.ne(y) | i == 1 | torch.isnan(x) | torch.isinf(x) | torch.isfinite(x)
torch.logical_and(mask, x > 0.5) | torch.logical_or(mask, i > 1) | torch.logical_not(mask) | torch.logical_xor(mask, i > 1) | ~mask | mask & (i > 0) | mask | i ^ 3
torch.bitwise_and(i, 1) | torch.bitwise_or(i, 1) | torch.bitwise_xor(i, 1) | i << 1 | i >> 1 | torch.isclose(x, y) | torch.allclose(x, x) | torch.equal(x, y)
torch.is_tensor(x) | torch.is_floating_point(i) | x.is_floating_point() | torch.isin(i, torch.tensor([0, 2])) | torch.gcd(i, i + 2) | torch.signbit(x)
"""

REDUCING = """
x.sum() | x.sum(0) | x.sum(dim=1) | x.sum(1, keepdim=True) | x.sum((0, 1)) | x.sum(-1) | torch.sum(x) | torch.sum(x, dim=[0]) | i.sum() | mask.sum()
mask.sum(1) | x.sum(dtype=torch.float64) | x.mean() | x.mean(0) | x.mean((0, 1)) | torch.mean(x, 1, True) | x.std() | x.std(0) | x.std(1, unbiased=False)
x.var() | x.var(dim=1) | torch.var(x, 1, keepdim=True) | torch.std(x, dim=0, correction=0) | torch.var_mean(x, 1) | torch.std_mean(x)
x.max() | x.max(1) | x.max(dim=0) | x.max(1, keepdim=True)[0] | x.min() | x.min(0) | torch.max(x, 1)[1] | x.max(1).values | x.max(1).indices | i.max() | i.max(0)
x.amax(1) | x.amin((0, 1)) | torch.aminmax(x) | x.argmax() | x.argmax(1) | x.argmax(dim=1, keepdim=True) | torch.argmin(x, 0) | x.prod() | x.prod(1) | i.prod(0)
mask.any() | mask.all() | mask.any(1) | mask.all(dim=0) | torch.any(mask) | torch.all(x > -9) | x.norm() | x.norm(p=1) | x.norm(dim=1) | torch.norm(x, 2, 1)
torch.norm(x, float('inf')) | torch.dist(x, y) | x.median() | x.median(1) | torch.mode(i, 1) | torch.kthvalue(x, 2) | torch.quantile(x, 0.4) | torch.quantile(x, 0.5, dim=1)
x.sort() | x.sort(descending=True) | torch.sort(x, dim=0) | x.argsort(1) | torch.argsort(x, dim=0, descending=True) | x.topk(2) | torch.topk(x, 2, dim=0, largest=False)
torch.msort(x) | x.cumsum(0) | x.cumprod(1) | torch.cumsum(i, 1) | torch.cummax(x, 1) | torch.cummin(x, 0) | torch.logcumsumexp(x, 1) | torch.diff(x)
torch.count_nonzero(mask) | torch.nansum(x) | torch.nanmean(x, 1) | torch.cov(x) | torch.corrcoef(x) | torch.trapezoid(x) | torch.histc(x.detach(), 4, -2, 2) | torch.bincount(k)
torch.diff(x, prepend=x[:, :1]) | torch.diff(x, append=x) | torch.cov(x, aweights=torch.arange(1., x.shape[1] + 1)) | torch.cov(x, fweights=torch.arange(1, x.shape[1] + 1)) | torch.cov(x[0]) | torch.corrcoef(x[0])
torch.unique(i) | torch.unique(i, return_counts=True) | i.unique(return_inverse=True) | torch.unique_consecutive(k // 2) | torch.bucketize(x.detach(), torch.tensor([-1.0, 0.0, 1.0]))
torch.searchsorted(torch.tensor([1, 3, 5]), torch.tensor([2, 3])) | torch.logsumexp(x, (0, 1)) | x.sum(axis=0) | x.std(dim=(0, 1))
"""

SHAPING = """
x.view(4, 3) | x.view(-1) | x.view(2, -1) | x.view((6, 2)) | x.reshape(12) | x.reshape(2, 6) | torch.reshape(x, (4, 3)) | x.flatten() | b.flatten(1) | torch.flatten(b, 1)
b.flatten(0, 1) | x.t() | x.T | x.transpose(0, 1) | torch.transpose(b, 1, 2) | b.permute(2, 0, 1) | torch.permute(b, (1, 0, 2)) | b.mT | x.unsqueeze(0) | x.unsqueeze(-1)
torch.unsqueeze(x, 1) | x[None].squeeze() | x[None].squeeze(0) | x.squeeze(0) | torch.squeeze(x[:, None], 1) | x.expand(2, 3, 4) | v.expand(3, -1) | v.expand_as(x) | x.repeat(2, 1)
x.repeat(2, 1, 3) | v.repeat(2) | x.tile(2) | torch.tile(v, (2, 2)) | x.repeat_interleave(2) | torch.repeat_interleave(x, 2, dim=0) | x.split(2) | x.split([1, 2]) | torch.split(x, 2, dim=1)
x.chunk(2) | torch.chunk(x, 3, dim=1) | torch.tensor_split(x, 2) | x.unbind() | torch.unbind(x, 1) | torch.cat([x, y]) | torch.cat((x, y), 1) | torch.cat([x, y], dim=-1) | torch.concat([x, y])
torch.stack([x, y]) | torch.stack([x, y], 1) | torch.stack((x, y), dim=-1) | torch.hstack([x, y]) | torch.vstack([x, y]) | torch.dstack([x, y]) | torch.cat([x, i])
x.flip(0) | torch.flip(x, [0, 1]) | torch.fliplr(x) | x.roll(1) | torch.roll(x, 1, 0) | torch.roll(x, (1, 2), (0, 1)) | torch.rot90(x) | torch.tril(m) | m.triu(1) | torch.diag(v) | torch.diag(m)
m.diagonal() | torch.diag_embed(x) | torch.trace(m) | x.narrow(1, 1, 2) | torch.narrow(x, 0, 0, 2) | x.select(1, 2) | v.unfold(0, 2, 1) | torch.movedim(b, 0, 2) | torch.swapaxes(b, 0, 1)
torch.atleast_2d(v) | torch.broadcast_to(v, (3, 4)) | torch.broadcast_tensors(x * 1, v) | torch.block_diag(m, x) | x.unflatten(1, (2, 2)) | torch.ravel(x) | x.contiguous() | x.clone()
x.size() | x.size(0) | x.size(-1) | x.shape | x.dim() | x.ndim | x.numel() | x.nelement() | len(x) | x.stride() | x.dtype | x.device | x.is_contiguous() | x.element_size()
x[0] | x[:, 1] | x[1:, ::2] | x[..., 0] | x[None] | x[0, 1] | x[i[0][:3] % 3] | x[mask] | x[x > 0] | x[[0, 2]] | x[:, [1, 1]] | x[torch.tensor([0, 2])] | x[:, None] | x[0][1] | x[-1]
x[torch.arange(3), torch.tensor([0, 1, 2])] | b[:, 0, :] | b[0, ..., 1] | x.tolist() == x.tolist() | x[1].item if False else x[1, 1].item() | float(x[0, 0]) | int(i[0, 1]) | [r.sum() for r in x]
x.type() | i.type() | x.double() | x.float() | i.float() | x.long() | x.int() | x.bool() | x.detach().half() | x.to(torch.float64) | x.to('cpu') | x.to(y) | x.type(torch.float64) | x.type_as(i) | i.type(torch.FloatTensor)
"""

SELECTING = """
torch.where(mask, x, y) | torch.where(x > 0, x, 0.0) | torch.where(x > 0, 1.0, 0.0) | torch.where(mask) | x.where(mask, y) | torch.gather(x, 1, i[:, :3] % 4) | x.gather(0, i) | x.gather(1, torch.tensor([[0], [1], [2]]))
torch.take(x, torch.tensor([0, 5])) | x.index_select(1, torch.tensor([0, 2])) | torch.index_select(x, 0, torch.tensor([1, 1])) | x.masked_select(mask) | torch.masked_select(x, x > 0)
x.masked_fill(mask, 0.0) | x.masked_fill(mask, float('-inf')) | torch.zeros(3, 4).scatter(0, i, x) | torch.zeros(3, 4).scatter(1, torch.tensor([[0], [1], [2]]), 1.0) | torch.zeros(3, 4).scatter_(1, torch.tensor([[0], [1], [2]]), 1)
torch.zeros(3, 4).scatter_add(0, i, x) | torch.zeros(3, 4).scatter_reduce(0, i, y, 'amax') | x.scatter_reduce(0, i, y.clone().requires_grad_(), 'amin') | x.scatter_reduce(0, i, y, 'amax', include_self=False) | x.scatter_reduce(0, i, x, 'prod') | x.index_add(0, torch.tensor([0, 0]), y[:2]) | x.index_fill(1, torch.tensor([0]), 9.0) | x.index_copy(0, torch.tensor([1]), y[:1])
torch.take_along_dim(x, i[:, :2], 1) | x.nonzero() if False else mask.nonzero() | torch.argwhere(mask) | torch.nonzero(mask, as_tuple=True) | torch.index_put(x, (torch.tensor([0]),), y[:1])
"""

PRODUCTS = """
torch.matmul(x, m) | x.matmul(m) | x.mm(m) | torch.mm(x, m) | torch.bmm(b, b.transpose(1, 2)) | torch.mv(m, v) | torch.dot(v, v) | v.dot(v) | torch.outer(v, v) | torch.ger(v, v) | x @ v | b @ m | torch.inner(v, v)
torch.einsum('ij,kj->ik', x, y) | torch.einsum('bij,bkj->bik', b, b) | torch.einsum('i,j', v, v) | torch.einsum('ii', m) | torch.tensordot(x, y, dims=([1], [1])) | torch.addmm(y[:, :3] @ y[:3], x, m)
torch.addmm(v, x, m, beta=0.5, alpha=2) | torch.baddbmm(b @ b.transpose(1, 2), b, b.transpose(1, 2)) | torch.kron(x, m) | torch.cross(x[:, :3], y[:, :3], dim=1) | torch.cdist(x, y) | torch.matrix_power(m, 3)
torch.linalg.norm(x) | torch.linalg.norm(x, dim=1) | torch.linalg.vector_norm(x, 1) | torch.linalg.inv(s) | torch.inverse(s) | torch.linalg.det(s) | torch.det(s) | torch.logdet(s) | torch.linalg.slogdet(s) | torch.linalg.solve(s, v)
torch.linalg.cholesky(s) | torch.linalg.eigvalsh(s) | torch.linalg.svdvals(x) | torch.linalg.matrix_norm(x) | torch.linalg.matrix_rank(m) | torch.linalg.pinv(x.detach()) | torch.linalg.matrix_power(m, 2) | torch.linalg.multi_dot([x, m, m])
torch.linalg.lstsq(m, m).solution | torch.matrix_exp(m / 4) | torch.linalg.matrix_exp(m / 4) | torch.linalg.norm(m, 'nuc') | torch.linalg.cond(s) | torch.linalg.cross(x[:, :3], y[:, :3])
"""

IN_PLACE = """
y.add_(1) | y.sub_(2) | y.mul_(y) | y.div_(2) | y.zero_() | y.fill_(3) | y.copy_(x.detach()) | y.clamp_(0, 1) | y.abs_() | y.exp_() | y.sqrt_() if False else p.detach().sqrt_() | y.neg_() | y.pow_(2) | y.relu_()
y.addcmul_(y, y, value=0.1) | y.addcdiv_(y, p.detach()) | y.lerp_(p.detach(), 0.1) | y.t_().shape | y.unsqueeze_(0).shape | y.masked_fill_(mask, 5.0) | y.uniform_() | y.normal_() | y.sigmoid_() | y.tanh_()
(x * 1).add_(y) | (x * 1).mul_(2) | (x * 2).relu_() | (x * 1).clamp_(min=0) | (x * 1).masked_fill_(mask, 0.0) | (x * 1).zero_() | (x * 1).add_(1).mul_(3) | (x * 1).copy_(y) | (x * 1).index_fill_(0, torch.tensor([0]), 0.0)
"""

TYPES = """
torch.float32 | torch.float | torch.double | torch.long | torch.int | torch.bool | torch.uint8 | torch.half | torch.finfo(torch.float32).eps | torch.finfo(torch.float64).max | torch.iinfo(torch.int64).max | torch.get_default_dtype()
torch.device('cpu') | torch.device('cpu').type | torch.cuda.is_available() | torch.cuda.device_count() | torch.backends.mps.is_available() | torch.is_grad_enabled() | torch.Size([2, 3]) | torch.Size([2, 3]).numel() | x.shape == (3, 4)
torch.pi | torch.inf | x.requires_grad | x.is_leaf | (x * 2).is_leaf | y.requires_grad | x.grad is None | x.detach().requires_grad | (x * 2).detach() | x.data | isinstance(x, torch.Tensor) | isinstance(y, torch.FloatTensor) | torch.numel(x)
torch.is_nonzero(torch.tensor([1])) | torch.is_complex(x) | x.is_cuda | x.layout == torch.strided | x.itemsize | x.nbytes | bool(torch.tensor([True])) | 3.0 in torch.tensor([3.0]) | torch.tensor(2.5).item() | torch.tensor([[1, 2]]).tolist()
"""

PRINTING = """
str(torch.tensor([1.0, 2.5])) | str(x.detach()) | str(i) | str(mask) | str(b) | str(torch.arange(2000)) | str(torch.randn(40, 40)) | str(torch.tensor(1.5)) | str(torch.tensor([1e-5, 1.0])) | str(torch.tensor([1e10, 1.0]))
str(torch.tensor([1.0, 10.0, 100.0])) | str(torch.zeros(0)) | str(torch.zeros(0, 3)) | str(torch.tensor([float('nan'), 1.0])) | str(torch.tensor([float('inf'), -1.0])) | str(torch.zeros(2, dtype=torch.float64)) | str(torch.tensor([1], dtype=torch.int32))
str(x) | repr(torch.Size([1, 2])) | str(torch.float32) | f'{x[0, 0].item():.3f}' | f'{torch.tensor(1.5):.2f}' | str(torch.randn(3, 30)) | str(torch.tensor([0.001, 1000.0])) | str(torch.tensor([[1.5, -2.0], [0.25, 3.0]])) | str(torch.device('cpu'))
str(torch.nn.Linear(2, 3)) | str(torch.nn.Conv2d(1, 2, 3, padding=1)) | str(torch.nn.Sequential(torch.nn.ReLU(inplace=True), torch.nn.Dropout(0.1))) | str(torch.nn.MaxPool2d(2)) | str(torch.nn.Embedding(3, 2)) | str(torch.nn.parameter.Parameter(torch.ones(2)))
str(torch.nn.LSTM(2, 3, batch_first=True)) | str(torch.nn.BatchNorm1d(3)).split('eps')[1].split(',')[0] | str(torch.nn.Softmax(dim=1)) | str(torch.nn.ModuleList([torch.nn.Tanh()])) | str(torch.nn.ConvTranspose2d(2, 1, 4, 2, 1, bias=False))
str(torch.nn.AdaptiveAvgPool2d((1, 1))) | str(torch.nn.LeakyReLU(0.2, inplace=True)) | str(torch.nn.Upsample(scale_factor=2)) | str(torch.nn.Flatten()) | str(torch.nn.CrossEntropyLoss()) | str(torch.nn.GroupNorm(2, 4)).split('affine')[0] | str(torch.nn.PReLU())
"""

SPECIAL = """
torch.erfinv(x.detach().tanh()) | torch.lgamma(p) | torch.digamma(p) | torch.polygamma(1, p) | torch.mvlgamma(p + 2, 2) | torch.sinc(x) | torch.i0(x.detach()) | torch.logaddexp2(x, y) | torch.ldexp(x, torch.tensor([1, 2, 0, 3])) | torch.nextafter(y, m[:3])
torch.special.erfinv(y.tanh()) | torch.special.gammaln(p) | torch.special.digamma(p) | torch.special.expit(x) | torch.special.xlog1py(x.detach(), p.detach()) | torch.special.entr(p) | torch.special.ndtr(x) | torch.special.ndtri(torch.sigmoid(y)) | torch.special.log_ndtr(x) | torch.special.multigammaln(p + 2, 2) | torch.special.psi(p)
torch.frexp(y)[0] | torch.positive(x) | torch.real(x) | torch.conj(x) | torch.isreal(x) | torch.is_signed(i) | x.is_conj() | m.adjoint() | torch.hsplit(x, 2) | torch.vsplit(x, 3) | b.dsplit(2) | torch.atleast_3d(v).shape | torch.unsafe_chunk(x, 2) | torch.unravel_index(torch.tensor([5, 7]), (3, 4))
torch.select_scatter(x, v, 0, 1) | torch.slice_scatter(x, y[:2], 0, 0, 2) | torch.diagonal_scatter(m, v) | y.put(torch.tensor([0, 5]), torch.tensor([9.0, 8.0])) | y.put(torch.tensor([0, 0]), torch.tensor([9.0, 8.0]), accumulate=True) | x.index_reduce(0, torch.tensor([0, 2]), y[:2], 'amax') | x.as_strided((2, 2), (1, 2)) | torch.as_strided(x, (3, 2), (1, 1), 1) | torch.combinations(v) | torch.combinations(k, 3) | torch.fill(x.detach(), 2.0)
torch.nanmedian(torch.tensor([3.0, float('nan'), 1.0])) | torch.nanmedian(x, 1) | torch.nanquantile(torch.tensor([3.0, float('nan'), 1.0, 2.0]), 0.3) | torch.histogram(y, 3)[0] | torch.gradient(v) | torch.gradient(m, spacing=2.0, dim=1) | torch.cumulative_trapezoid(x) | torch.nuclear_norm(m).round(decimals=3) | torch.frobenius_norm(x, (0, 1))
torch.bartlett_window(5) | torch.blackman_window(6) | torch.hamming_window(5, periodic=False) | torch.kaiser_window(6) | torch.linalg.solve_triangular(s, m, upper=True) | torch.linalg.solve_triangular(s, m, upper=False, unitriangular=True) | torch.cholesky_solve(m, torch.linalg.cholesky(s)) | torch.cholesky_inverse(torch.linalg.cholesky(s)) | torch.triangular_solve(m, s)[0] | torch.linalg.vecdot(x, y) | torch.linalg.vander(v) | torch.linalg.diagonal(b[:, :, :3]) | torch.linalg.inv_ex(s)[0] | torch.linalg.cholesky_ex(s).info | torch.linalg.tensorsolve(s.reshape(2, 2, 4), m[:2, :2])
s.det() | s.inverse() | s.logdet() | s.slogdet()[1] | str(s.slogdet()) | str(torch.linalg.slogdet(s)) | str(torch.linalg.eigh(torch.eye(2))) | str(torch.linalg.inv_ex(s)) | torch.linalg.cholesky_ex(s).L | torch.linalg.solve_ex(s, m).result | str(torch.svd(s)).split("(")[0] | str(torch.linalg.qr(s)).split("(")[0] | str(torch.frexp(y.detach())) | str(torch.triangular_solve(x[:2, :2].detach(), torch.eye(2))) | str(torch.nanmedian(x.detach(), 1)) | str(torch.aminmax(x.detach(), dim=1)) | str(torch.topk(x.detach(), 2)) | str(torch.mode(i, 0)) | s.cholesky() | s.matrix_exp().sum() / 1e3 | torch.vmap(torch.dot)(y, y) | torch.vmap(lambda a, c: a * c, in_dims=(0, None))(x, v) | torch.vmap(lambda a: a.sum(), in_dims=1)(x) | torch.func.vmap(torch.func.grad(lambda a: (a ** 2).sum()))(y) | x.hardshrink() | x.prelu(torch.tensor([0.1])) | torch.hardshrink(x) | torch.rms_norm(x, (4,)) | torch.threshold(x, 0.1, 2.0) | torch.pdist(y) | torch.pixel_unshuffle(img, 2)
torch.complex64 | torch.float32.is_complex | torch.complex64.is_complex | torch.channels_last | x.layout | x.untyped_storage().nbytes() | len(v.storage()) | torch.jit.is_scripting() | x.is_inference()
"""

KEYWORDS = """
x.flip(dims=(0,)) | x.permute(dims=(1, 0)) | x.view(size=(2, 6)) | x.reshape(shape=(12,)) | x[:1].expand(size=(4, 4)) | x.repeat(repeats=(2, 1)) | x.tile(dims=(2,)) | torch.flip(input=x, dims=(1,))
torch.permute(input=x, dims=(1, 0)) | x.swapaxes(axis0=0, axis1=1) | torch.swapdims(x, dim0=0, dim1=1) | torch.broadcast_to(x, size=(2, 3, 4)) | x.broadcast_to(size=(2, 3, 4)) | x.split(split_size=2)
torch.mv(x, vec=v) | torch.addmv(input=y[:, 0], mat=y, vec=v) | torch.dot(v, tensor=v) | torch.searchsorted(v.sort()[0], input=y, right=True) | y.clone().transpose_(dim0=0, dim1=1)
torch.bilinear(input1=y, input2=y, weight=torch.ones(2, 4, 4), bias=None) | torch.nn.functional.bilinear(input1=y, input2=y, weight=torch.ones(2, 4, 4)) | torch.renorm(input=y, p=2, dim=0, maxnorm=1)
torch.autograd.grad((p * 2).sum(), torch.nn.ParameterList([p])) if isinstance(p, torch.nn.Parameter) else p | y.t().view_as(y.t()).shape | y.t().reshape_as(y.t()).shape | y.t().t().view(12)
"""
