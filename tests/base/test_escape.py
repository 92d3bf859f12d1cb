"""The escape encoding: what goes in comes out, and what cannot go in is named."""

import datetime as dt
import math
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import orjson
import pytest

from whence.base.digest import digest_value
from whence.base.error import UserError
from whence.base.escape import canonical, decode, encode


def through_json(value):
    return decode(orjson.loads(orjson.dumps(encode(value))))


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        2**200,
        -(2**63) - 1,
        -0.0,
        1e-320,
        "µ ☃ \n\x00",
        "not utf-8: \udcff",
        (1, (2, []), {"a": ()}),
        {1, 2, 3},
        frozenset({"a"}),
        b"\x00\xff",
        dt.datetime(2026, 11, 21, 2, 17, 57, 123456, tzinfo=dt.UTC),
        dt.datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"), fold=1),
        dt.date(2026, 11, 21),
        dt.time(12, 30),
        dt.timedelta(days=-1, microseconds=1),
        Decimal("1.10"),
        3 + 4j,
        range(0, 10, 3),
        range(10**30),
        slice(None, 3),
        Path("a") / "b",
        {"$float": "a key that looks like an escape"},
        {1: "int key", (1, 2): "tuple key", None: 0},
        {"": 0, "a.b/c": 1, "line\nbreak": 2},
    ],
)
def test_values_survive_exactly(value):
    back = through_json(value)
    assert back == value
    assert type(back) is type(value) or isinstance(value, Path)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_non_finite_numbers_survive(value):
    assert repr(through_json(value)) == repr(value)


@pytest.mark.parametrize(
    "value",
    [
        np.float32(0.1),
        np.uint8(3),
        np.datetime64("2026-11-21T02:17"),
        np.arange(6, dtype=">i2").reshape(2, 3),
        np.array([], dtype="f8"),
        np.array([[1 + 2j]]),
        np.array(["a", "µ"]),
    ],
)
def test_numpy_survives_with_its_dtype(value):
    back = through_json({"x": value})["x"]
    np.testing.assert_array_equal(back, value)
    assert back.dtype == value.dtype
    assert back.shape == value.shape


def test_numbers_of_pythons_own_precision_are_plain():
    assert encode([np.float64(0.1), np.int64(3), np.bool_(True)]) == [0.1, 3, True]


@pytest.mark.parametrize(
    "value",
    [
        object(),
        {"deep": [1, {"er": lambda: 0}]},
        np.array([None]),
        pytest.param(10**5000, id="5001 digits"),
    ],
)
def test_what_has_no_encoding_is_refused_by_name(value):
    with pytest.raises(UserError, match=r"cannot be recorded|cannot record it"):
        encode(value, ("model",) if isinstance(value, dict) else ())


def test_the_refusal_names_the_key():
    with pytest.raises(UserError, match=r"'model\.rate\.1'"):
        encode({"model": {"rate": [1, object()]}})


def test_a_value_that_contains_itself_is_refused():
    loop: list = []
    loop.append(loop)
    with pytest.raises(UserError, match="contains itself"):
        encode(loop)


def test_fifty_levels_are_no_trouble():
    value = 1
    for _ in range(50):
        value = {"k": [value]}
    assert through_json(value) == value


def test_an_unknown_escape_asks_for_an_upgrade():
    with pytest.raises(UserError, match="newer whence"):
        decode({"x": {"$quaternion": [1, 2, 3, 4]}})


def test_canonical_bytes_ignore_order_and_nothing_else():
    assert canonical({"a": 1, "b": {2: 3, 1: 4}}) == canonical({"b": {1: 4, 2: 3}, "a": 1})
    distinct = [1, 1.0, "1", True, (1,), [1], {1}, None, {}, b"1"]
    assert len({digest_value(value) for value in distinct}) == len(distinct)
