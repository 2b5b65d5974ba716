"""Machine instructions that numba does not choose itself: an outer product in vector registers, and a prefetch."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

LANES, BLOCK, LINE = 4, 9, 64
DOUBLE, INT, BYTE = ir.DoubleType(), ir.IntType(64), ir.IntType(8)
VECTOR = ir.VectorType(DOUBLE, LANES)


@intrinsic
def add_outer(typing_context, R, q, g, k, u0, u1, u2):
    """R[q] += u (x) g[k] for rows R (n, 12) of 3 x 4 numbers and g (m, 4), whose fourth lane is padding: a third of the time of 3 x 3."""
    signature = types.void(R, types.intp, g, types.intp, types.float64, types.float64, types.float64)

    def generate(context, builder, signature, args):
        rows, q, vectors, k, *u = args
        row = _pointer(context, builder, signature.args[0], rows, q, 3 * LANES)
        v = builder.load(_vector(builder, _pointer(context, builder, signature.args[2], vectors, k, LANES)), align=8)
        nothing, first = ir.Constant(VECTOR, ir.Undefined), ir.Constant(ir.IntType(32), 0)
        for i in range(3):
            one = builder.insert_element(nothing, u[i], first)
            same = builder.shuffle_vector(one, nothing, ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES))
            place = _vector(builder, builder.gep(row, [ir.Constant(INT, LANES * i)]))
            product = builder.fmul(same, v, flags=("contract",))
            builder.store(builder.fadd(builder.load(place, align=8), product, flags=("contract",)), place, align=8)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def prefetch_block(typing_context, H, q):
    """Fetch the 3x3 block H[q] into the cache: it will be written soon."""
    signature = types.void(H, types.intp)

    def generate(context, builder, signature, args):
        block = _pointer(context, builder, signature.args[0], args[0], args[1], BLOCK)
        address, small = builder.bitcast(block, BYTE.as_pointer()), ir.IntType(32)
        form = ir.FunctionType(ir.VoidType(), [BYTE.as_pointer(), small, small, small])
        fetch = builder.module.declare_intrinsic("llvm.prefetch", [BYTE.as_pointer()], form)
        how = [ir.Constant(small, n) for n in (1, 2, 1)]  # to write, into the second level, data
        for begin in (0, LINE):  # 72 bytes are on two lines
            builder.call(fetch, [builder.gep(address, [ir.Constant(INT, begin)]), *how])
        return context.get_dummy_value()

    return signature, generate


def _pointer(context, builder, kind, array, index, width):
    """Address of ``array[index]`` whose items are ``width`` numbers."""
    data = context.make_array(kind)(context, builder, array).data
    return builder.gep(data, [builder.mul(index, ir.Constant(INT, width))])


def _vector(builder, pointer):
    return builder.bitcast(pointer, VECTOR.as_pointer())
