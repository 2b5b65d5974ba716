"""Vectors of eight doubles that a kernel computes with: one site in each lane, so that nothing is gathered and no loop has a rest.

numba vectorises plain loops only where it can show that arrays do not overlap, which these kernels never let it. A vector is kept
in registers; ``+``, ``-`` and ``*`` take two of them, or one and a number. Arrays that hold vectors are flat: vector i is at 8 i.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import operator

from llvmlite import ir
from numba.core import types
from numba.core.datamodel import models
from numba.core.typing.templates import ConcreteTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, register_model

W = 8
"""Lanes: on machines with registers of four doubles, two of which are then one vector, a quarter faster than four lanes."""
DOUBLE, INT, SMALL = ir.DoubleType(), ir.IntType(64), ir.IntType(32)
VECTOR = ir.VectorType(DOUBLE, W)
FAST = ("contract", "nsz", "arcp", "reassoc")


class VectorType(types.Type):
    """numba's name of a vector."""

    def __init__(self) -> None:
        super().__init__(name=f"vector of {W} doubles")


vector = VectorType()


@register_model(VectorType)
class VectorModel(models.PrimitiveModel):
    """A vector is one value of LLVM."""

    def __init__(self, manager, kind) -> None:
        super().__init__(manager, kind, VECTOR)


@intrinsic
def load(typing_context, A, i):
    """Vector i of a flat array."""

    def generate(context, builder, signature, args):
        return builder.load(_place(context, builder, signature.args[0], *args), align=8)

    return vector(A, types.intp), generate


@intrinsic
def store(typing_context, A, i, v):
    """Write vector i of a flat array."""

    def generate(context, builder, signature, args):
        builder.store(args[2], _place(context, builder, signature.args[0], *args[:2]), align=8)
        return context.get_dummy_value()

    return types.void(A, types.intp, vector), generate


@intrinsic
def splat(typing_context, x):
    """The number x in all lanes."""

    def generate(context, builder, signature, args):
        return _splat(builder, args[0])

    return vector(types.float64), generate


def _place(context, builder, kind, array, index):
    data = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [builder.mul(index, ir.Constant(INT, W))]), VECTOR.as_pointer())


def _splat(builder, x):
    nothing = ir.Constant(VECTOR, ir.Undefined)
    one = builder.insert_element(nothing, x, ir.Constant(SMALL, 0))
    return builder.shuffle_vector(one, nothing, ir.Constant(ir.VectorType(SMALL, W), [0] * W))


def _add_operator(function, instruction):
    """Typing by a template: half of the time that an overloaded operator takes to compile."""
    number = types.float64
    cases = [signature(vector, *pair) for pair in ((vector, vector), (vector, number), (number, vector))]
    infer_global(function)(type(f"Vector_{instruction}", (ConcreteTemplate,), {"key": function, "cases": cases}))

    def lower(context, builder, signature, args):
        a, b = (x if t == vector else _splat(builder, x) for x, t in zip(args, signature.args, strict=True))
        return getattr(builder, instruction)(a, b, flags=FAST)

    for pair in ((VectorType, VectorType), (VectorType, types.Float), (types.Float, VectorType)):
        lower_builtin(function, *pair)(lower)


for _function, _instruction in ((operator.add, "fadd"), (operator.sub, "fsub"), (operator.mul, "fmul")):
    _add_operator(_function, _instruction)
