"""The built-in operations, as tables: where a name says what it calls, nothing is written out."""

from __future__ import annotations

import builtins
import importlib
import operator
from collections.abc import Callable, Iterator
from typing import Any

from whence.transform import arithmetic
from whence.transform.operation import Operation

GATEWAYS = {
    "np.": "numpy",
    "xr.": "xarray",
    "pd.": "pandas",
    "scipy.": "scipy",
    "nx.": "networkx",
    "math.": "math",
}

_ARRAYS = ("numpy", "xarray", "pandas")

_METHODS = """
    all any argmin argmax argsort argpartition astype item round take reshape swapaxes transpose
    squeeze flatten diagonal trace nonzero sum prod cumsum cumprod mean std var min max median
    quantile count head tail isnull notnull sel isel drop_sel drop_isel drop_dims drop_vars diff
    where ffill bfill fillna interpolate_na interp dropna isin roll shift thin weighted chunk
    rolling rolling_exp coarsen groupby groupby_bins resample map reduce rank polyfit rename
    rename_dims rename_vars expand_dims swap_dims assign_coords assign_attrs assign reset_coords
    set_coords reset_index set_index stack unstack sortby clip differentiate integrate
    broadcast_like to_dataframe to_series to_array to_dataarray to_dataset to_numpy copy load
    compute drop_duplicates combine_first dot idxmin idxmax reindex join format split strip
    replace keys items tolist
"""
_ATTRIBUTES = """
    T dtype shape ndim size itemsize nbytes imag real data values name coords attrs variables
    data_vars dims sizes
"""
_NUMPY = """
    array empty zeros ones full empty_like zeros_like ones_like full_like eye arange linspace
    logspace invert transpose flip diff reshape take repeat stack hstack vstack concatenate abs ceil
    floor round fmod where digitize histogram count_nonzero any all allclose isnan isclose isinf
    isfinite isnat isneginf isposinf isreal isscalar mean std min max var argmin argmax power dot
    sum prod cumsum cumprod sqrt exp log log10 log2 log1p unique sort median quantile percentile
"""
_XARRAY = """
    Dataset DataArray zeros_like ones_like full_like merge concat align combine_nested
    combine_by_coords where dot corr cov
"""
_NUMPY_NAMES = {
    "log": "log", "log10": "log10", "log2": "log2", "log1p": "log1p", "exp": "exp",
    "sqrt": "sqrt", "sqrt3": "cbrt", "squared": "square", "cumulate": "cumsum",
}  # fmt: skip
_OPERATORS: dict[str, Callable[..., Any]] = {
    "neg": operator.neg, "pos": operator.pos, "truth": operator.truth, "invert": operator.invert,
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "div": operator.truediv,
    "truediv": operator.truediv, "floordiv": operator.floordiv, "mod": operator.mod,
    "pow": operator.pow, "matmul": operator.matmul, "concat": operator.concat,
    "lshift": operator.lshift, "rshift": operator.rshift, "^": operator.xor, "xor": operator.xor,
    "and": operator.and_, "or": operator.or_, "contains": operator.contains,
    "getitem": operator.getitem, "[]": operator.getitem,
    **arithmetic.COMPARISONS,
}  # fmt: skip
_PYTHON = (
    "list", "dict", "tuple", "set", "int", "float", "complex", "bool", "str", "all", "any", "len",
    "min", "max", "sum", "repr", "sorted", "abs", "round",
)  # fmt: skip
_OWN: dict[str, Callable[..., Any]] = {
    "define": arithmetic.given, "pass": arithmetic.given, "print": arithmetic.show,
    "call": arithmetic.call, "map": arithmetic.mapped,
    ".": arithmetic.attribute, "getattr": arithmetic.attribute,
    ".()": arithmetic.call_attribute, "callattr": arithmetic.call_attribute,
    "setitem": arithmetic.with_item, "recursive_getitem": arithmetic.item_at,
    ".sort": arithmetic.sorted_array, "increment": arithmetic.incremented,
    "decrement": arithmetic.decremented, "cubed": arithmetic.cubed,
    "normalize_to_sum": arithmetic.normalized_to_sum,
    "normalize_to_max": arithmetic.normalized_to_max,
    "cumulate_complementary": arithmetic.cumulated_from_end,
    "in": arithmetic.is_in, "not in": arithmetic.is_not_in,
    "in interval": arithmetic.in_interval, "not in interval": arithmetic.not_in_interval,
    "create_mask": arithmetic.mask, "where": arithmetic.where,
    ".squeeze_with_drop": arithmetic.squeezed_with_drop, ".assign_var": arithmetic.with_variable,
    "expression": arithmetic.expression,
}  # fmt: skip
_CHAINS = (".min.item", ".max.item", ".sel.item", ".isel.item")
_CODE = {
    "import": arithmetic.imported,
    "from_module": arithmetic.imported,
    "import_and_call": arithmetic.import_and_call,
}

NOT_YET = {
    "lambda": "it evaluates text as Python code",
    "call_lambda": "it evaluates text as Python code",
    "setattr": "it changes what other steps share",
    ".fill": "it changes what other steps share",
    ".base": "it gives memory that other steps share",
    ".flat": "its result can be read only once",
    "get_operation": "results that are functions have no lasting identity",
    "raise_SkipPlot": "plots cannot be skipped from a transformation",
    **dict.fromkeys(
        (
            "count_unique", "populate_ndarray", "build_object_array", "expand_object_array",
            "extract_dim_names", "extract_coords_from_attrs", "dantro.apply_along_axis",
            "dantro.multi_concat", "dantro.merge", "dantro.expand_dims", "transform_coords",
            ".coords.transform",
        ),
        "its meaning is not settled",
    ),
}  # fmt: skip


def builtin_operations() -> Iterator[Operation]:
    """Every built-in operation."""
    for name in dict.fromkeys(_METHODS.split()):
        yield Operation(f".{name}", _finds(_method, name), _ARRAYS)
    for name in _ATTRIBUTES.split():
        yield Operation(f".{name}", _finds(operator.attrgetter, name), _ARRAYS)
    for name in _CHAINS:
        yield Operation(name, _finds(_chain, name.split(".")[1]), _ARRAYS)
    for name in dict.fromkeys(_NUMPY.split()):
        yield Operation(f"np.{name}", _finds(attribute_of, "numpy", name), ("numpy",))
    for name in _XARRAY.split():
        yield Operation(f"xr.{name}", _finds(attribute_of, "xarray", name), ("xarray", "numpy"))
    for name, target in _NUMPY_NAMES.items():
        yield Operation(name, _finds(attribute_of, "numpy", target), ("numpy",))
    for name in _PYTHON:
        yield Operation(name, _finds(getattr, builtins, name), ("python",))
    for name, func in _OPERATORS.items():
        yield Operation(name, _finds(_itself, func), ("python",))
    for name, func in _OWN.items():
        yield Operation(name, _finds(_itself, func))
    for name, func in _CODE.items():
        yield Operation(name, _finds(_itself, func), names_code=True)
    yield Operation(
        "curve_fit", _finds(attribute_of, "scipy", "optimize.curve_fit"), ("scipy", "numpy")
    )


def attribute_of(module: str, path: str) -> Any:
    """What a dotted path names in a module, importing sub-modules on the way.

    Raises
    ------
    AttributeError
        If there is no such thing.
    """
    value: Any = importlib.import_module(module)
    for name in path.split("."):
        if not hasattr(value, name) and hasattr(value, "__path__"):
            try:
                importlib.import_module(f"{value.__name__}.{name}")
            except ModuleNotFoundError:
                raise AttributeError(name) from None
        value = getattr(value, name)
    return value


def _finds(make: Callable[..., Any], *args: Any) -> Callable[[], Callable[..., Any]]:
    return lambda: make(*args)


def _itself(func: Callable[..., Any]) -> Callable[..., Any]:
    return func


def _method(name: str) -> Callable[..., Any]:
    def call(of: Any, /, *args: Any, **kwargs: Any) -> Any:
        return getattr(of, name)(*args, **kwargs)

    return call


def _chain(name: str) -> Callable[..., Any]:
    def call(of: Any, /, *args: Any, **kwargs: Any) -> Any:
        return getattr(of, name)(*args, **kwargs).item()

    return call
