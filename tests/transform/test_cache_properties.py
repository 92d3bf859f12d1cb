import contextlib

import numpy as np
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from whence.transform.codec import DamagedError, freeze, thaw

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.complex_numbers() | st.text()
    | st.binary() | st.datetimes() | st.timedeltas() | st.decimals()
)  # fmt: skip
ARRAYS = nps.arrays(
    nps.scalar_dtypes(), nps.array_shapes(min_dims=0, min_side=0, max_dims=3, max_side=4)
)
VALUES = st.recursive(
    SCALARS | ARRAYS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text() | st.integers() | st.none(), inner, max_size=4)
    ),
    max_leaves=10,
)


def same(one, other):
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        return (one.dtype, one.shape, one.tobytes()) == (other.dtype, other.shape, other.tobytes())
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    return repr(one) == repr(other)


@given(VALUES)
def test_values_come_back_exactly(value):
    assert same(thaw(b"".join(freeze(value))), value)


@given(VALUES, st.data())
def test_a_cut_value_is_damaged_or_only_padding_was_cut(value, data):
    whole = b"".join(freeze(value))
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    with contextlib.suppress(DamagedError):
        assert same(thaw(cut), value)


@given(
    nps.arrays(
        st.sampled_from(["f4", "f8", "i2", "u8", "?", "M8[ns]", "m8[ns]"]),
        nps.array_shapes(max_dims=3, max_side=4),
    ),
    st.data(),
)
def test_labelled_arrays_come_back_exactly(array, data):
    dims = data.draw(st.permutations("abc"))[: array.ndim]
    coords = {
        dim: data.draw(nps.arrays(st.sampled_from(["i8", "f8", "U3", "M8[ns]"]), size, unique=True))
        for dim, size in zip(dims, array.shape, strict=True)
        if data.draw(st.booleans())
    }
    name = data.draw(st.none() | st.text())
    attrs = data.draw(st.dictionaries(st.text(), SCALARS, max_size=2))
    value = xr.DataArray(array, coords, dims, name, attrs)
    back = thaw(b"".join(freeze(value)))
    assert back.dims == value.dims
    assert list(back.coords) == list(value.coords)
    assert same(back.values, value.values)
    assert same(dict(back.attrs), dict(value.attrs))
    assert back.name == value.name
    for dim in coords:
        assert same(back[dim].values, value[dim].values)
