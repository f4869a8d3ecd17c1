"""Waiting for a flag, without Python's lock and without sleeping; see `kernels.threads`."""

from __future__ import annotations

import platform
from typing import Any

from llvmlite import ir
from numba import types

from tinygrad_cnn.kernels.compiled.base.compiling import kernel
from tinygrad_cnn.kernels.compiled.base.vectors import instruction

#: So many looks at most. On x86 each of them pauses for some 10 to 50 ns: about half a millisecond.
LOOKS = 20_000
_IS_X86 = platform.machine().lower() in ("x86_64", "amd64", "i386", "i686")


#: What `kernels.threads` hands over: a view of one byte, repeated, which cannot be written through.
FLAG = types.Array(types.boolean, 1, "A", readonly=True)


@instruction
def look(context, array):  # type: ignore[no-untyped-def]
    """array[0] as it is in memory now, after a short pause that leaves the core to its other thread."""
    signature = types.boolean(array)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        if _IS_X86:
            nothing = ir.FunctionType(ir.VoidType(), ())
            builder.call(builder.module.declare_intrinsic("llvm.x86.sse2.pause", (), nothing), ())
        place = context.make_array(signature.args[0])(context, builder, args[0]).data
        byte = builder.load_atomic(place, "acquire", 1)
        return builder.icmp_unsigned("!=", byte, ir.Constant(byte.type, 0))

    return signature, generate


@kernel(types.void(types.boolean[::1], FLAG, types.int64))
def watch(given: Any, flag: Any, patience: int) -> None:
    """Set given[0]; return when flag[0] is true, `patience` looks later, or after `LOOKS` looks."""
    given[0] = True
    for _ in range(LOOKS):
        if look(flag):
            for _ in range(patience):
                look(flag)
            return


watch.load()  # whoever imports this needs it at once, without Python around it
