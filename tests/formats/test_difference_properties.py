"""Laws of how arrays differ."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from whence.formats import array_difference

DTYPES = st.sampled_from(["f8", "f4", "i8", "u8", "i2", "?", "c16", "M8[s]", "U3"])
ARRAYS = DTYPES.flatmap(lambda dtype: hnp.arrays(dtype, hnp.array_shapes(max_side=4)))
PAIRS = DTYPES.flatmap(
    lambda dtype: hnp.array_shapes(max_side=4).flatmap(
        lambda shape: st.tuples(hnp.arrays(dtype, shape), hnp.arrays(dtype, shape))
    )
)


@given(ARRAYS)
def test_nothing_differs_from_itself(array):
    one = array_difference("x", array, array.copy())
    assert one.same
    assert (one.values, one.largest) == (array.size, None)


@given(PAIRS)
def test_it_counts_what_differs_and_is_symmetric(pair):
    left, right = pair
    there, back = array_difference("x", left, right), array_difference("x", right, left)
    nan = left.dtype.kind in "fcM"
    pairs = zip(left.ravel(), right.ravel(), strict=True)
    same = [np.array_equal(a, b, equal_nan=nan) for a, b in pairs]
    assert there.differing == same.count(False)
    for name in ("differing", "missing", "largest", "relative"):
        assert getattr(there, name) == getattr(back, name), name


@given(hnp.arrays("f8", st.just((6,)), elements=st.floats(-1e6, 1e6)), st.integers(0, 5),
       st.floats(1.0, 1e3))  # fmt: skip
def test_a_shift_of_one_value_is_found_where_it_is(array, place, shift):
    other = array.copy()
    other[place] += shift
    one = array_difference("x", array, other)
    assert (one.differing, one.at) == (1, (place,))
    assert one.largest == abs(other[place] - array[place])
