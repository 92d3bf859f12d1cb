"""The functions behind built-in operations that no library has under one name."""

from __future__ import annotations

import ast
import copy
import importlib
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq, "eq": operator.eq, "!=": operator.ne, "ne": operator.ne,
    "<": operator.lt, "lt": operator.lt, "<=": operator.le, "le": operator.le,
    ">": operator.gt, "gt": operator.gt, ">=": operator.ge, "ge": operator.ge,
}  # fmt: skip

_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
    ast.Div: operator.truediv, ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}  # fmt: skip
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
_FUNCTIONS = frozenset(
    (
        "sqrt", "exp", "log", "log10", "log2", "sin", "cos", "tan", "arcsin", "arccos", "arctan",
        "sinh", "cosh", "tanh", "abs", "floor", "ceil", "minimum", "maximum",
    )
)  # fmt: skip
_CONSTANTS = ("pi", "e")


def given(value: Any) -> Any:
    """The value itself."""
    return value


def show(value: Any) -> Any:
    """The value itself, printed."""
    print(value)
    return value


def call(func: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    """What a function returns."""
    return func(*args, **kwargs)


def mapped(func: Callable[..., Any], *iterables: Iterable[Any]) -> list[Any]:
    """The list of what a function returns for each item."""
    return [func(*items) for items in zip(*iterables, strict=True)]


def imported(module: str, name: str | None = None) -> Any:
    """A module, or something out of one."""
    value = importlib.import_module(module) if isinstance(module, str) else module
    for part in name.split(".") if name else ():
        value = getattr(value, part)
    return value


def import_and_call(module: str, name: str, /, *args: Any, **kwargs: Any) -> Any:
    """What a function out of a module returns."""
    return imported(module, name)(*args, **kwargs)


def attribute(value: Any, name: str) -> Any:
    """An attribute, by a dotted name."""
    if any(part.startswith("_") for part in name.split(".")):
        raise AttributeError(f"{name!r} is private")
    return operator.attrgetter(name)(value)


def call_attribute(value: Any, name: str, /, *args: Any, **kwargs: Any) -> Any:
    """What a method returns, by its name."""
    return attribute(value, name)(*args, **kwargs)


def with_item(value: Any, key: Any, item: Any) -> Any:
    """A copy in which one item is set."""
    changed = copy.deepcopy(value)
    changed[key] = item
    return changed


def item_at(value: Any, keys: Sequence[Any]) -> Any:
    """The item that a sequence of keys leads to."""
    for key in keys:
        value = value[key]
    return value


def sorted_array(value: Any, *args: Any, **kwargs: Any) -> Any:
    """A sorted copy."""
    ordered = copy.copy(value)
    ordered.sort(*args, **kwargs)
    return ordered


def incremented(value: Any) -> Any:
    """One more."""
    return value + 1


def decremented(value: Any) -> Any:
    """One less."""
    return value - 1


def cubed(value: Any) -> Any:
    """The third power."""
    return value**3


def normalized_to_sum(value: Any) -> Any:
    """Divided by the sum, so that the sum is one."""
    return value / value.sum()


def normalized_to_max(value: Any) -> Any:
    """Divided by the largest, so that the largest is one."""
    return value / value.max()


def cumulated_from_end(value: Any) -> Any:
    """The sums of each item and all that follow it, along one dimension."""
    import numpy as np

    return np.cumsum(value[::-1])[::-1]


def is_in(item: Any, items: Any) -> bool:
    """Whether an item is among others."""
    return item in items


def is_not_in(item: Any, items: Any) -> bool:
    """Whether an item is not among others."""
    return item not in items


def in_interval(value: Any, interval: Sequence[Any]) -> Any:
    """Whether a value lies between two bounds, both included."""
    low, high = interval
    return (value >= low) & (value <= high)


def not_in_interval(value: Any, interval: Sequence[Any]) -> Any:
    """Whether a value lies outside of two bounds."""
    low, high = interval
    return (value < low) | (value > high)


def mask(value: Any, comparison: str, other: Any) -> Any:
    """Where a comparison holds, like ``create_mask: [data, '<', 3]``."""
    return COMPARISONS[comparison](value, other)


def where(value: Any, comparison: str, other: Any) -> Any:
    """The value where a comparison holds, NaN elsewhere."""
    return value.where(mask(value, comparison, other))


def squeezed_with_drop(value: Any, *args: Any, **kwargs: Any) -> Any:
    """Without the dimensions of length one and their coordinates."""
    return value.squeeze(*args, drop=True, **kwargs)


def with_variable(value: Any, name: str, variable: Any) -> Any:
    """A dataset with one more variable."""
    return value.assign({name: variable})


def expression(
    text: str, /, symbols: Mapping[str, Any] | None = None, *, astype: str | None = None
) -> Any:
    """The value of an arithmetic expression over named values.

    Numbers, names, ``+ - * / // % **``, ``pi``, ``e`` and functions like ``sqrt`` and ``sin``;
    nothing else is evaluated.
    """
    value = _value(ast.parse(str(text).strip(), mode="eval").body, symbols or {})
    if astype is None:
        return value
    import numpy as np

    return value.astype(astype) if hasattr(value, "astype") else np.dtype(astype).type(value)


def expression_names(text: str) -> list[str]:
    """The names that an expression needs values for.

    Raises
    ------
    ValueError
        If the text is not such an expression.
    """
    try:
        tree = ast.parse(str(text).strip(), mode="eval").body
    except SyntaxError as error:
        raise ValueError(error.msg) from None
    for node in ast.walk(tree):
        _check(node)
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    names = [
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in called
    ]
    return [name for name in dict.fromkeys(names) if name not in _CONSTANTS]


def _check(node: ast.AST) -> None:
    plain = (ast.BinOp, ast.UnaryOp, ast.Name, ast.Load, *_BINARY, *_UNARY)
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS and not node.keywords:
            return
        raise ValueError(f"only these functions can be called: {', '.join(sorted(_FUNCTIONS))}")
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitXor):
        raise ValueError("write a power as **, not as ^")
    if not isinstance(node, plain):
        raise ValueError(f"{type(node).__name__} is not part of an arithmetic expression")


def _value(node: ast.AST, symbols: Mapping[str, Any]) -> Any:
    _check(node)
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.BinOp):
        return _BINARY[type(node.op)](_value(node.left, symbols), _value(node.right, symbols))
    if isinstance(node, ast.UnaryOp):
        return _UNARY[type(node.op)](_value(node.operand, symbols))
    import numpy as np

    if isinstance(node, ast.Call):
        func = getattr(np, node.func.id)  # type: ignore[attr-defined]
        return func(*(_value(arg, symbols) for arg in node.args))
    name = node.id  # type: ignore[attr-defined]
    return symbols[name] if name in symbols else getattr(np, name)
