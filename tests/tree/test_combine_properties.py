import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from whence.params import ParamDim, ParamSpace
from whence.tree import ParamSpaceGroup, gather

lengths = st.lists(st.integers(1, 3), min_size=1, max_size=3)
dtypes = st.sampled_from(["f8", "f4", "i4", "u2", "c16", "?", "M8[s]", "U3"])


@given(lengths, dtypes, hnp.array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=3), st.data())
def test_gathering_is_selecting_backwards(sizes, dtype, shape, data):
    """Whatever was put in at a point is what is selected there, of the same dtype."""
    dims = {f"p{i}": ParamDim(default=-1, values=list(range(n))) for i, n in enumerate(sizes)}
    space = ParamSpace(dims)
    group = ParamSpaceGroup(name="g", attrs={"pspace": space})
    arrays = {}
    for point in space.points():
        array = data.draw(hnp.arrays(dtype, shape))
        arrays[point.state_no] = array
        group.new_container(f"{point.state_str}/x", Cls="NumpyDataContainer", data=array)
    gathered = gather(group, "x")
    assert gathered.dtype == np.dtype(dtype)
    for point in space.points():
        np.testing.assert_array_equal(gathered.sel(point.coords).values, arrays[point.state_no])
