"""What a module does when it is imported, beside defining things: ``plt.style.use(...)``."""

from __future__ import annotations

import ast
from collections.abc import Iterator


def effects_in(tree: ast.Module) -> str:
    """The statements at the top level that may do more than to give names their values.

    They may change what any function does, though none names them. Of what they are, functions
    and classes are known by their text, and values by what they are, wherever code names them.
    """
    return "\n".join(ast.unparse(each) for each in tree.body if any(map(_acts, running(each))))


def running(node: ast.AST) -> Iterator[ast.AST]:
    """What runs of a node when its module is imported by another, and the node itself."""
    if isinstance(node, _LEFT_OUT) or is_optional(node):
        return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from running(child)


_LEFT_OUT = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef, ast.Raise)


def is_optional(node: ast.AST) -> bool:
    """Whether it runs in a script only, or never, so that it says nothing on functions."""
    tests = ast.walk(node.test) if isinstance(node, ast.If) else ()
    return any(isinstance(each, ast.Name) and each.id in _MAIN_OR_TYPES for each in tests)


_MAIN_OR_TYPES = ("__name__", "TYPE_CHECKING")


def _acts(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return not _only_makes(node)
    if isinstance(node, ast.Attribute | ast.Subscript):
        return not isinstance(node.ctx, ast.Load)
    if isinstance(node, ast.Expr):  # `first >> second` is there for what it does
        return not isinstance(node.value, ast.Call | ast.Constant | ast.Name | ast.Attribute)
    return isinstance(node, ast.With)


def _only_makes(call: ast.Call) -> bool:
    """Whether a call makes a value and does nothing else, as far as its name tells."""
    function = call.func
    if isinstance(function, ast.Attribute):
        inner = function.value
        if isinstance(inner, ast.Constant):  # "a b".split()
            return True
        if isinstance(inner, ast.Call | ast.Attribute) and function.attr in _OF_PATHS:
            return True
    name = _dotted(function)
    return name in _MAKING or name.startswith(_MAKING_ALL)


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


_OF_PATHS = frozenset({"absolute", "expanduser", "joinpath", "resolve", "with_name", "with_suffix"})
_MAKING_ALL = ("math.", "os.path.")
_ARRAYS = (
    "arange", "array", "asarray", "empty", "eye", "full", "geomspace", "identity", "linspace",
    "logspace", "ones", "zeros",
)  # fmt: skip
_MAKING = frozenset(
    {
        "abs", "bool", "bytes", "chr", "complex", "dict", "enumerate", "float", "frozenset", "int",
        "isinstance", "len", "list", "max", "min", "object", "ord", "pow", "print", "range",
        "repr", "reversed", "round", "set", "slice", "sorted", "str", "sum", "tuple", "type",
        "zip", "Decimal", "Fraction", "NewType", "ParamSpec", "Path", "TypeVar", "getLogger",
        "namedtuple", "partial", "timedelta", "collections.namedtuple", "datetime.timedelta",
        "functools.partial", "logging.getLogger", "pathlib.Path", "re.compile",
        "typing.NewType", "typing.ParamSpec", "typing.TypeVar",
        *(f"{numpy}.{name}" for numpy in ("np", "numpy") for name in _ARRAYS),
    }
)  # fmt: skip
