"""Laws of the escape encoding."""

import contextlib

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whence.base.digest import digest_value
from whence.base.error import UserError
from whence.base.escape import _UNPACKERS, canonical, decode, encode, readable

leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.datetimes()
    | st.dates()
    | st.timedeltas()
    | st.complex_numbers(allow_nan=False)
)
keys = st.text() | st.integers() | st.tuples(st.integers(), st.text())
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(keys, inner)
        | st.sets(st.integers() | st.text())
    ),
    max_leaves=20,
)


@given(values)
def test_decode_undoes_encode_through_json(value):
    back = decode(orjson.loads(orjson.dumps(encode(value))))
    assert back == value
    assert canonical(back) == canonical(value)


@given(values, values)
def test_digests_tell_values_apart(left, right):
    same_bytes = canonical(left) == canonical(right)
    assert (digest_value(left) == digest_value(right)) == same_bytes


@given(st.dictionaries(keys, leaves))
def test_order_of_keys_does_not_change_the_digest(value):
    backward = dict(reversed(value.items()))
    assert digest_value(backward) == digest_value(value)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(), inner, max_size=4)
        | st.tuples(st.sampled_from(sorted(_UNPACKERS)), inner).map(lambda pair: dict([pair]))
    ),
    max_leaves=10,
)


@given(anything)
def test_any_json_decodes_or_is_refused_by_us(data):
    with contextlib.suppress(UserError):
        decode(data)
    readable(data)


def test_json_that_is_too_deep_is_refused_by_us():
    data = 1
    for _ in range(2000):
        data = [data]
    with pytest.raises(UserError, match="not written as it should be"):
        decode({"x": data})
    assert readable({"x": data, "y": {"$tuple": []}})["y"] == ()
