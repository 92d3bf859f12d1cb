import functools
import weakref

import numpy as np
import pandas as pd
import pytest

from whence.base.code import code_digest, identity_of
from whence.base.content import digest_large
from whence.base.digest import digest_bytes


def with_global(value):
    space = {"__name__": "__main__", "value": value}
    exec("def f():\n    return value\n", space)
    return space["f"]


ARRAYS = [
    np.arange(12.0),
    np.arange(12.0).reshape(3, 4),
    np.asfortranarray(np.arange(12.0).reshape(3, 4)),
    np.arange(24.0).reshape(2, 3, 4)[:, ::2],
    np.array(3.5),
    np.zeros((0, 3)),
    np.array(["a", "bc"]),
    np.array(["2026-11-21"], dtype="datetime64[D]"),
    np.array([(1, 2.0)], dtype=[("a", int), ("b", float)]),
    np.array([{1}, "x"], dtype=object),
    np.arange(3_000_000),
]


@pytest.mark.parametrize("array", ARRAYS)
def test_an_array_counts_by_its_values_type_and_shape(array):
    first = identity_of(with_global(array))
    assert first.unknown == ()
    assert identity_of(with_global(array.copy(order="A"))) == first
    assert identity_of(with_global(array.reshape(1, *array.shape))) != first
    if array.dtype.kind == "f" and array.size:
        assert identity_of(with_global(array.astype("f4"))) != first
        array = array.copy(order="A")
        array.flat[-1] += 1
        assert identity_of(with_global(array)) != first


def test_a_change_in_place_of_a_large_array_counts():
    array = np.zeros(3_000_000)
    f = with_global(array)
    before = code_digest(f)
    array.flags.writeable = False
    assert code_digest(f) == before
    array.flags.writeable = True
    array[2_000_000] = 1
    assert code_digest(f) != before


@pytest.mark.parametrize(
    "make", [lambda a: pd.DataFrame({"a": a}), lambda a: {"a": [pd.Series(a)]}]
)
def test_large_tables_have_an_identity(make):
    values = np.arange(200_000.0)
    first = identity_of(with_global(make(values)))
    assert first.unknown == ()
    assert identity_of(with_global(make(values))) == first
    values = values.copy()
    values[-1] = 0
    assert identity_of(with_global(make(values))) != first


def test_large_bytes_have_one_digest_whatever_does_it():
    data = bytes(range(256)) * 100_000
    assert digest_large(data) == digest_large(memoryview(bytearray(data)))
    assert digest_large(data) != digest_large(data[:-1])
    assert digest_large(b"ab") == digest_bytes(b"ab")


class Kept:
    def __init__(self, value):
        self.value = value


def test_what_is_referred_to_weakly_counts():
    one, two = Kept(1), Kept(2)
    first = code_digest(with_global(weakref.ref(one)))
    assert code_digest(with_global(weakref.ref(two))) != first
    two.value = 1
    assert code_digest(with_global(weakref.ref(two))) == first


@pytest.mark.parametrize("kind", [functools.partial, property, staticmethod])
def test_a_wrapper_of_the_project_counts_as_what_it_is(kind):
    def make(n):
        return type("Wrapper", (kind,), {"n": n})(len)

    assert code_digest(with_global(make(1))) == code_digest(with_global(make(1)))
    assert code_digest(with_global(make(1))) != code_digest(with_global(make(2)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([1, 2], (1, 2)),
        ([1], [True]),
        ([1], [1.0]),
        ([0.0], [-0.0]),
        (["a", b"a"], [b"a", "a"]),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({1: "a"}, {"1": "a"}),
        ([10**30], [10**30 + 1]),
        (b"a", "a"),
    ],
)
def test_simple_values_are_told_apart(one, other):
    assert code_digest(with_global(one)) != code_digest(with_global(other))


def test_equal_text_is_the_same_whether_or_not_it_is_one_object():
    text = "".join(["ab", "c" * 300])
    again = "".join(["ab", "c" * 300])
    assert code_digest(with_global([text, text])) == code_digest(with_global([text, again]))


MADE = [
    "class E(BaseException):\n    pass\nvalue = E(N)",
    "import threading\nvalue = threading.local()\nvalue.x = N",
    "import threading\nclass L(threading.local):\n    pass\nvalue = L()\nvalue.x = N",
    "from dataclasses import dataclass, field\n@dataclass\nclass value:\n"
    "    x: int = field(metadata={'n': N})",
    "from dataclasses import dataclass, field\n@dataclass\nclass value:\n"
    "    x: int = field(default_factory=lambda: N)",
    "import pydantic\nclass value(pydantic.BaseModel):\n    x: int = N",
    "import pydantic\nclass value(pydantic.BaseModel):\n    x: int = pydantic.Field(1, gt=N)",
    "import types\nclass S(types.SimpleNamespace):\n    pass\nvalue = S(a=N)",
    "from typing import TypeVar\nvalue = TypeVar('T', bound=type('B', (), {'n': N}))",
    "import random\nvalue = random.Random(N)",
    "import xarray as xr\nvalue = xr.Dataset({'a': ('x', [N])})",
    "class B:\n    def __init_subclass__(cls):\n        cls.x = N\nclass value(B):\n    pass",
    "class B:\n    __slots__ = ('__x',)\n    def __init__(self):\n        self.__x = N\n"
    "value = B()",
]


@pytest.mark.parametrize("text", MADE)
def test_values_tell_where_no_text_does(module, text):
    """The text is the same: as where a value comes from a file, or from the environment."""
    found = []
    for n in (-3, -3, -5):
        module(f"N = {n}\n", "number_of_tests")
        head = "from number_of_tests import N\n"
        found.append(identity_of(module(f"{head}{text}\ndef f():\n    return value\n").f))
    assert found[0] == found[1]
    assert found[0].unknown == ()
    assert found[0].digest != found[2].digest
