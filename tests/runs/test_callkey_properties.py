from hypothesis import given
from hypothesis import strategies as st

from whence.runs import Call, what_changed

leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
names = st.sampled_from(["a", "b", "c", "ab"])  # so few that two calls often share some
# What is too large is thrown away, and `st.recursive` throws away much more.
groups = st.dictionaries(names, leaves, min_size=1, max_size=2)
deep = st.dictionaries(names, leaves | groups, min_size=1, max_size=2)
parameters = st.dictionaries(names, leaves | groups | deep, max_size=3)
digests = st.dictionaries(names, st.sampled_from(["d1", "d2"]), max_size=3)
targets = st.sampled_from(["a.py:f", "b.py:f", ("a", "b")])
calls = st.builds(Call, parameters, targets, digests, digests)


@given(calls, calls)
def test_keys_differ_exactly_when_something_is_told(one, other):
    assert (one.key != other.key) == bool(what_changed(one, other))


@given(calls)
def test_the_order_of_keys_does_not_matter(call):
    turned = Call(
        dict(reversed(call.parameters.items())),
        call.target,
        dict(reversed(call.code.items())),
        dict(reversed(call.inputs.items())),
    )
    assert turned.key == call.key
    assert what_changed(call, turned) == ""
