import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from whence.formats import format_for, formats

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
)


@given(plain.filter(lambda value: not isinstance(value, str)))
def test_plain_values_come_back(value):
    entry = format_for(value)
    assert entry.load(entry.dump(value)) == value


@given(hnp.arrays(hnp.scalar_dtypes(), hnp.array_shapes(min_dims=0, min_side=0)))
def test_arrays_come_back(array):
    npy = formats()["npy"]
    again = npy.load(npy.dump(array))
    assert again.dtype == array.dtype
    np.testing.assert_array_equal(again, array)
