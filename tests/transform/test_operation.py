import subprocess
import sys

import numpy as np
import pytest
import xarray as xr

from whence.base.error import UserError
from whence.transform import (
    described_operations,
    find_operation,
    is_operation,
    operations,
    register_operation,
)


@pytest.fixture
def registry():
    """Whatever a test registers is gone afterwards."""
    table = operations()
    before = dict(table)
    yield table
    table._entries.clear()
    table._entries.update(before)


def run(name, *args, **kwargs):
    return find_operation(name).func(*args, **kwargs)


@pytest.mark.parametrize(
    ("name", "args", "expected"),
    [
        ("add", (1, 2), 3),
        ("div", (1, 2), 0.5),
        ("pow", (2, 5), 32),
        ("squared", (3,), 9),
        ("sqrt3", (27.0,), 3.0),
        ("cubed", (2,), 8),
        ("increment", (1,), 2),
        ("getitem", ({"a": 1}, "a"), 1),
        ("[]", ([5, 6], 1), 6),
        ("recursive_getitem", ({"a": [1, {"b": 2}]}, ["a", 1, "b"]), 2),
        (".", (3 + 4j, "imag"), 4.0),
        (".()", ("a b", "split"), ["a", "b"]),
        ("call", (max, 1, 2), 2),
        ("map", (abs, [-1, 2]), [1, 2]),
        ("in", (5, [0, 3]), False),
        ("in", (3, [0, 3]), True),
        ("not in", (5, [0, 3]), True),
        ("in interval", (5.0, [0, 3]), False),
        ("in interval", (3.0, [0, 3]), True),
        ("not in interval", (3.5, [0, 3]), True),
        ("contains", ([1, 2], 2), True),
        ("define", ([1],), [1]),
        (".format", ("{}-{b}", 1), None),
        ("import", ("math", "pi"), 3.141592653589793),
        ("import_and_call", ("math", "hypot", 3, 4), 5.0),
        ("np.hypot", (3, 4), 5.0),
        ("math.floor", (1.5,), 1),
        ("scipy.special.factorial", (3,), 6.0),
        ("expression", ("2 * (a + 1) ** 2 - sqrt(4)", {"a": 2}), 16.0),
    ],
)
def test_operations_do_what_their_name_says(name, args, expected):
    if name == ".format":
        assert run(name, *args, b=2) == "1-2"
    else:
        assert run(name, *args) == expected


def test_operations_on_arrays():
    array = xr.DataArray([[1.0, np.nan], [3.0, 4.0]], dims=("x", "t"), coords={"x": [10, 20]})
    assert float(run(".sel.item", array.isel(t=0), x=20)) == 3.0
    assert run(".mean", array, "t").dims == ("x",)
    assert run(".T", array).dims == ("t", "x")
    assert run(".isel", array, x=[0]).shape == (1, 2)
    assert run(".squeeze_with_drop", array.isel(x=[0])).dims == ("t",)
    assert run("create_mask", array, ">", 2).values.tolist() == [[False, False], [True, True]]
    assert int(run("where", array, ">", 2).count()) == 2
    assert np.array_equal(run(".nonzero", np.array([0, 5]))[0], [1])
    assert np.array_equal(run("in interval", np.array([1, 5]), [0, 3]), [True, False])
    assert np.isclose(run("normalize_to_sum", np.array([1.0, 3.0])).sum(), 1)
    assert run("cumulate_complementary", np.array([1, 2, 3])).tolist() == [6, 5, 3]


def test_operations_leave_their_arguments_alone():
    array = np.array([3, 1, 2])
    assert run(".sort", array).tolist() == [1, 2, 3]
    assert run("setitem", array, 0, 9).tolist() == [9, 1, 2]
    assert array.tolist() == [3, 1, 2]


def test_every_listed_operation_is_there():
    for operation in operations().values():
        assert operation.digest
        assert callable(operation.func), operation.name
    listed = described_operations()
    assert "np." in listed
    assert ".mean" in listed


@pytest.mark.parametrize(
    ("name", "code", "mends"),
    [
        (".meen", "unknown-operation", "'.mean'"),
        ("np.meen", "unknown-operation", "'np.mean'"),
        ("nothing like it", "unknown-operation", "whence operations"),
        ("lambda", "operation-not-accepted", "register_operation"),
        (".fill", "operation-not-accepted", "register_operation"),
        ("np.load", "operation-not-accepted", "data manager"),
        ("np._core", "operation-not-accepted", "data manager"),
        ("pd.read_pickle", "operation-not-accepted", "data manager"),
        ("np.pi", "unknown-operation", ""),
    ],
)
def test_operations_that_are_not_say_what_to_do(name, code, mends):
    with pytest.raises(UserError) as caught:
        find_operation(name)
    (problem,) = caught.value.problems
    assert problem.code == code
    assert mends in (problem.mend or "")


@pytest.mark.parametrize(
    "text",
    ["__import__('os')", "a.b", "[1]", "(lambda: 1)()", "a if b else c", "'x'", "open(1)", "a ^ 2"],
)
def test_expressions_evaluate_arithmetic_only(text):
    with pytest.raises((ValueError, KeyError)):
        run("expression", text, {"a": 1, "b": 2, "c": 3})


def test_registering_in_either_order(registry):
    def double(x):
        return 2 * x

    register_operation(name="double", func=double)
    register_operation(double, "double2")
    register_operation("double3", double)
    register_operation(double, name="double4")
    assert [run(f"double{n}", 4) for n in ("", 2, 3, 4)] == [8] * 4
    assert is_operation(double) is double

    @is_operation("quadruple")
    def quadruple(x):
        return 4 * x

    assert run("quadruple", 1) == 4
    with pytest.raises(UserError, match="there is already an operation named 'quadruple'"):
        register_operation(double, "quadruple")
    register_operation(double, "quadruple", skip_existing=True)
    assert run("quadruple", 1) == 4
    register_operation(double, "quadruple", overwrite_existing=True)
    assert run("quadruple", 1) == 2
    with pytest.raises(UserError, match="given no function"):
        register_operation(name="x", func=3)


def test_a_listing_imports_nothing_heavy():
    code = (
        "import sys, whence.transform as t; t.described_operations(); t.find_operation('.mean');"
        "print([m for m in ('numpy', 'xarray', 'pandas', 'scipy', 'h5py') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
