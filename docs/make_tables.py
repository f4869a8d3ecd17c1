# ruff: noqa: E501  # a row of the tables is easier to read in one line
"""Write docs/tables.md: whole public tables of other libraries, name by name, and what each is here.

Needs PyTorch (`pip install 'tinygrad-cnn[peers]'`), from which its names come. A name counts as equal if a
test compares it with the other library's on the same operands; the script reads that off the tests' tables.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

PAGE = Path(__file__).with_name("tables.md")
ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

import torch  # noqa: E402

import tinygrad_cnn  # noqa: E402
from tests.peers import test_functions, test_layers, test_losses  # noqa: E402
from tinygrad_cnn import array_api, data, functional, nn, optim  # noqa: E402
from tinygrad_cnn.serial.atomic import writing  # noqa: E402
from tinygrad_cnn.tensors.numpy_protocol import FUNCTIONS, PREDICATES, QUERIES, UFUNCS  # noqa: E402
from tinygrad_cnn.train import Trainer  # noqa: E402

HEAD = """\
# Tables of names

Made by `python docs/make_tables.py`, which reads PyTorch {torch} and NumPy {numpy}. *Equal*: a test compares
it with the other library's. *Here*: the same name and meaning, compared with references of our own.
*Other*: here under another name, or with another meaning on purpose, as said. *Left out*: why.
*Missing*: nobody has written it.
"""

KINDS = ("equal", "here", "other", "left out", "missing")

COMPLEX, SPARSE, QUANTISED = "complex numbers", "sparse arrays", "quantised numbers"
DISTRIBUTED, OLD = "several devices", "kept in PyTorch for old programs only"
#: Names that are here under another name, or mean another thing.
OTHER: dict[str, dict[str, str]] = {
    "torch.nn": {
        "Container": "`Module`", "SyncBatchNorm": "`parallel.SyncBatchNorm2d` and its relatives, over processes",
        "RNNBase": "the base of `RNN`, `LSTM` and `GRU` is private", "RNNCellBase": "private, as `RNNBase`",
        "DataParallel": "`parallel`, over processes", "UninitializedParameter": "lazy layers have none before",
        "UninitializedBuffer": "lazy layers have none before", "NLLLoss2d": "`NLLLoss`",
        "CrossMapLRN2d": "`LocalResponseNorm`",
    },
    "torch.nn.functional": {
        "multi_head_attention_forward": "`nn.MultiheadAttention`", "upsample": "`interpolate`",
        "upsample_bilinear": "`interpolate`", "upsample_nearest": "`interpolate`",
        "feature_dropout": "`dropout2d`", "native_channel_shuffle": "`channel_shuffle`",
        "conv_tbc": "`conv1d`, after a transpose", "Tensor": "`tinygrad_cnn.Tensor`: no function of this table",
        "grouped_mm": "`matmul`", "pad": "widths as NumPy's, of all axes",
        "hardtanh": "`hardtanh`", "gumbel_softmax": "draws from NumPy's generators",
        **{f"{name}_": f"`{name}`: functions here give new arrays; `tinygrad_cnn.torch` writes in place"
           for name in ("celu", "elu", "hardtanh", "leaky_relu", "relu", "rrelu", "selu", "threshold")},
        **{f"{name}_with_indices": f"`{name}(..., return_indices=True)`"
           for name in ("adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d", "max_pool1d",
                        "max_pool2d", "max_pool3d", "fractional_max_pool2d", "fractional_max_pool3d")},
    },
    "torch.optim": {"SparseAdam": "`Adam`: gradients of embeddings are full arrays"},
    "torch.utils.data": {
        "TensorDataset": "`ArrayDataset`", "ChainDataset": "`ConcatDataset`, or itertools.chain",
        "StackDataset": "`ArrayDataset`", "default_convert": "`default_collate`",
        "DistributedSampler": "`DataLoader(shard=...)`",
        "get_worker_info": "`get_worker_info`",
    },
    "NumPy": {
        "pow": "`pow`", "power": "`pow`", "subtract": "`sub`", "multiply": "`mul`", "divide": "`div`",
        "true_divide": "`div`", "negative": "`neg`", "absolute": "`abs`", "fabs": "`abs`",
        "positive": "`identity`", "amax": "`max`", "amin": "`min`", "concat": "`concatenate`",
        "permute_dims": "`permute`", "acos": "`arccos`", "acosh": "`arccosh`", "asin": "`arcsin`",
        "asinh": "`arcsinh`", "atan": "`arctan`", "atan2": "`arctan2`", "atanh": "`arctanh`",
        "array": "`Tensor`",
        "asarray": "`Tensor`", "mod": "`remainder`", "rint": "`round`", "degrees": "`rad2deg`",
        "radians": "`deg2rad`", "convolve": "`convolve1d`", "correlate": "`correlate1d`",
        "invert": "`bitwise_invert`", "bitwise_not": "`bitwise_invert`", "left_shift": "`bitwise_left_shift`",
        "right_shift": "`bitwise_right_shift`", "place": "`masked_fill`", "putmask": "`masked_fill`",
        "put": "`scatter_add`, `put_along_axis`",
        "copyto": "in-place `x[...] = y`", "fill_diagonal": "`index_copy`",
        "indices": "NumPy's own",
        "mask_indices": "NumPy's own", "tril_indices": "NumPy's own", "triu_indices": "NumPy's own",
        "diag_indices": "NumPy's own", "require": "`Tensor.numpy()`", "asanyarray": "`Tensor`",
        "ascontiguousarray": "`Tensor.numpy()`", "asfortranarray": "`Tensor.numpy()`",
        "frombuffer": "NumPy's own, then `Tensor`", "fromfile": "NumPy's own", "fromfunction": "NumPy's own",
        "fromiter": "NumPy's own", "fromstring": "NumPy's own", "loadtxt": "NumPy's own", "load": "`serial`",
        "savez_compressed": "`serial`", "genfromtxt": "NumPy's own",

        "vectorize": "write it over whole arrays",
        "frompyfunc": "write it over whole arrays", "sort_complex": "left out: " + COMPLEX, "in1d": "`isin`",

        "einsum_path": "`einsum` takes the best path", "empty_like": "`empty_like`",


        "tri": "`tri`", "broadcast_shapes": "NumPy's own",
        "row_stack": "`vstack`",
        "fromregex": "NumPy's own",
        **dict.fromkeys(("isdtype", "issubdtype", "promote_types", "mintypecode", "typename", "finfo", "iinfo"),
                        "NumPy's own: a Tensor's `dtype` is NumPy's"),
        **dict.fromkeys(("isscalar", "iterable"), "NumPy's own: of any Python object"),
        **dict.fromkeys(("nested_iters", "isfortran"), "NumPy's own, of `Tensor.numpy()`"),
        **dict.fromkeys(("errstate", "seterr", "geterr", "seterrcall", "geterrcall", "setbufsize", "getbufsize"),
                        "NumPy's own: they also hold where Tensors are computed"),
        "asarray_chkfinite": "`detect_anomaly`, or `isfinite`",
    },
    "Keras, fit": {
        "optimizer": "of `Trainer`, by name or object",
        "loss": "of `Trainer`, by name or function", "metrics": "of `Trainer`, by name or function",
        "weighted_metrics": "metrics of one's own",
        "loss_weights": "a loss of one's own",
    },
}  # fmt: skip
#: Why names are left out, by what they look like; the first that fits.
LEFT_OUT: dict[str, list[tuple[str, str]]] = {
    "torch.nn": [
        ("LinearCrossEntropyOptions", "how much of a GPU's memory PyTorch takes at a time; the loss is here"),
        ("factory_kwargs", "PyTorch's own machinery"),
    ],
    "torch.nn.functional": [
        ("scaled_|ScalingType|SwizzleType", "numbers of 8 bits on other devices"),
        ("torch_function|boolean_dispatch|assert_int_or_pair", "PyTorch's own machinery"),
    ],
    "torch.optim": [("swap_in", "for PyTorch's own tests of its optimizers")],
    "torch.optim.lr_scheduler": [],
    "torch.utils.data": [
        ("Pipe|DataChunk|functional_datapipe|guaranteed|runtime_validation|argument_validation|non_deterministic",
         "PyTorch's data pipes, which PyTorch itself has deprecated"),
    ],
    "array API": [("complex|^fft$|eig$|eigvals$", COMPLEX)],
    "NumPy": [
        ("complex|angle|linalg.eig$|linalg.eigvals$|^real|^imag|conj|isreal|iscomplex|real_if_close", COMPLEX),
        ("str|char|chararray|repr|format_float|array2|printoptions|info$|show_|get_include|test$", "text"),
        ("datetime|busday|is_busday|nat$|isnat", "dates"),
        ("bmat|asmatrix", "NumPy's class matrix, which NumPy advises against"),
        ("^(int|uint|float|bool|byte|ubyte|short|ushort|long|ulong|longlong|ulonglong|half|single|double|longdouble|"
         "clongdouble|csingle|cdouble|intc|uintc|intp|uintp|integer|signedinteger|unsignedinteger|inexact|floating|"
         "number|generic|flexible|character|object_|bytes_|ufunc|ndarray|dtype|vectorize)", "types; NumPy's own serve"),
    ],
    "Keras, fit": [],
}  # fmt: skip


def words(text: str) -> list[str]:
    """Names between spaces."""
    return text.split()


STANDARD = words("""
abs acos acosh add all any arange argmax argmin argsort asarray asin asinh astype atan atan2 atanh
bitwise_and bitwise_invert bitwise_left_shift bitwise_or bitwise_right_shift bitwise_xor broadcast_arrays
broadcast_to can_cast ceil clip concat conj copysign cos cosh count_nonzero cumulative_prod cumulative_sum
diff divide empty empty_like equal exp expand_dims expm1 eye finfo flip floor floor_divide from_dlpack
full full_like greater greater_equal hypot iinfo imag isdtype isfinite isinf isnan less less_equal
linspace log log10 log1p log2 logaddexp logical_and logical_not logical_or logical_xor matmul
matrix_transpose max maximum mean meshgrid min minimum moveaxis multiply negative nextafter nonzero
not_equal ones ones_like permute_dims positive pow prod real reciprocal remainder repeat reshape
result_type roll round searchsorted sign signbit sin sinh sort sqrt square squeeze stack std subtract sum
take take_along_axis tan tanh tensordot tile tril triu trunc unique_all unique_counts unique_inverse
unique_values unstack var vecdot broadcast_shapes isin where zeros zeros_like bool int8 int16 int32 int64 uint8 uint16 uint32
uint64 float32 float64 complex64 complex128 e inf nan pi newaxis __array_namespace_info__ linalg.cholesky
linalg.cross linalg.det linalg.diagonal linalg.eig linalg.eigh linalg.eigvals linalg.eigvalsh linalg.inv linalg.matmul
linalg.matrix_norm linalg.matrix_power linalg.matrix_rank linalg.matrix_transpose linalg.outer linalg.pinv
linalg.qr linalg.slogdet linalg.solve linalg.svd linalg.svdvals linalg.tensordot linalg.trace
linalg.vecdot linalg.vector_norm fft
""")

KERAS = words("""
x y batch_size epochs verbose callbacks validation_split validation_data shuffle class_weight
sample_weight initial_epoch steps_per_epoch validation_steps validation_batch_size validation_freq
optimizer loss metrics loss_weights weighted_metrics
""")


def public(module: Any, keep: Callable[[Any], bool] = callable) -> list[str]:
    """Names that a module of PyTorch lists, or defines itself."""
    listed = getattr(module, "__all__", None) or dir(module)
    return sorted(
        n
        for n in set(listed)
        if n[0] != "_" and keep(v := getattr(module, n, None)) and "torch" in str(getattr(v, "__module__", "torch"))
        and "typing" not in str(getattr(v, "__module__", ""))
    )  # fmt: skip


def in_tests(*files: str) -> set[str]:
    """All words in some files of tests."""
    return {word for file in files for word in re.findall(r"\w+", (ROOT / "tests" / file).read_text())}


def has(*modules: Any) -> Callable[[str], bool]:
    """Whether one of our modules has a name, perhaps with a dot."""

    def found(name: str) -> bool:
        for module in modules:
            *path, last = name.split(".")
            for part in path:
                module = getattr(module, part, None)
            if hasattr(module, last):
                return True
        return False

    return found


def tables() -> list[tuple[str, Iterable[str], Callable[[str], bool], set[str]]]:
    """Each table: its title, the names, whether one is here, and those that tests compare."""
    functions = {e.name for e in [*test_functions.TABLE, *test_losses.TABLE]}
    layers = {e.name for e in test_layers.TABLE} | {e.name for e in test_losses.TABLE}
    exempt = {**test_layers.EXEMPT, **test_losses.EXEMPT}
    layers |= {n for n, why in exempt.items() if "tests/peers" in why}
    numpy_names = [
        n for n in np.__all__ if callable(getattr(np, n)) and not inspect.isclass(getattr(np, n))
    ]
    numpy_names += [
        f"linalg.{n}" for n in np.linalg.__all__ if callable(getattr(np.linalg, n)) and n != "LinAlgError"
    ]

    def numpy_has(name: str) -> bool:
        plain = name.removeprefix("linalg.")
        return (
            has(functional, tinygrad_cnn)(plain) or name in UFUNCS or name in PREDICATES
            or name in FUNCTIONS or name in QUERIES
        )  # fmt: skip

    compared = in_tests(
        "functional/test_array_functions.py",
        "tensors/test_numpy_functions.py",
        "tensors/test_numpy_options.py",
    )
    optimizers = in_tests("peers/test_optim.py", "peers/test_averaging.py")
    fit = set(inspect.signature(Trainer.fit).parameters) | set(inspect.signature(Trainer).parameters)
    schedulers = in_tests("peers/test_schedulers.py")
    return [
        ("array API", STANDARD, has(array_api), set()),
        ("NumPy", sorted(numpy_names), numpy_has, compared | functions),
        ("torch.nn", public(torch.nn), has(nn), layers),
        ("torch.nn.functional", public(torch.nn.functional), has(functional), functions),
        ("torch.optim", public(torch.optim), has(optim, nn), optimizers),
        ("torch.optim.lr_scheduler", public(torch.optim.lr_scheduler), has(optim), schedulers),
        ("torch.utils.data", public(torch.utils.data), has(data), set()),
        ("Keras, fit", KERAS, lambda name: name in fit, set()),
    ]


def kind_of(title: str, name: str, here: bool, compared: bool) -> tuple[str, str]:
    """What a name is here, and the words for it."""
    other = OTHER.get(title, {}).get(name)
    if other is not None:
        return "other", f"`{name}` ({other})"
    if here:
        return ("equal" if compared else "here"), f"`{name}`"
    for pattern, why in LEFT_OUT.get(title, []):
        if re.search(pattern, name):
            return "left out", f"`{name}` ({why})"
    return "missing", f"`{name}`"


def page() -> str:
    """The whole page."""
    rows, sections = [], []
    for title, names, here, compared in tables():
        groups: dict[str, list[str]] = {kind: [] for kind in KINDS}
        for name in names:
            kind, words = kind_of(title, name, here(name), name.removeprefix("linalg.") in compared)
            groups[kind].append(words)
        rows.append(f"| {title} | " + " | ".join(str(len(found)) for found in groups.values()) + " |\n")
        lines = [f"**{kind}**: {', '.join(found)}\n" for kind, found in groups.items() if found]
        sections.append(f"## {title}\n\n" + "\n".join(lines))
    head = HEAD.format(torch=torch.__version__.partition("+")[0], numpy=np.__version__)
    table = "| table | " + " | ".join(KINDS) + " |\n|---|---|---|---|---|---|\n" + "".join(rows)
    return "\n".join([head, table, *sections])


if __name__ == "__main__":
    with writing(PAGE) as temporary:
        Path(temporary).write_text(page(), encoding="utf-8")
