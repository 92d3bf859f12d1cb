import pytest
from hypothesis import given
from hypothesis import strategies as st

from whence.base.error import UserError
from whence.tree import entries
from whence.tree.entry import LoadEntry

KEYS = """
loader glob_str required ignore path_regex target_path target_group target_path_kwargs load_as_attr
exists_action base_path enable_mapping
"""
keys = st.sampled_from(KEYS.split())
values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from(["text", "hdf5", "*.h5", "{match:}", "{", "(", "raise", "a/{groups[0]}/{x.y}"]),
    st.text(max_size=8),
    st.lists(st.text(max_size=3) | st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)
cfgs = st.dictionaries(
    st.text(max_size=3), st.dictionaries(keys | st.text(max_size=4), values) | values, max_size=3
)


def understood(cfg):
    """The entries, and the problems if there are none."""
    try:
        return entries(cfg), ()
    except UserError as error:
        return None, error.problems


@given(cfgs)
def test_a_configuration_is_understood_or_refused(cfg):
    """Bad input gives only our errors, each with its place and a code."""
    found, problems = understood(cfg)
    if found is None:
        assert problems
    else:
        assert all(isinstance(entry, LoadEntry) for entry in found)
        assert [entry.name for entry in found] == list(cfg)
    for problem in problems:
        assert problem.code
        assert problem.where.path[0] in cfg


@given(values.filter(lambda value: not isinstance(value, dict)))
def test_what_is_no_mapping_is_refused(cfg):
    with pytest.raises(UserError, match="maps names to entries"):
        entries(cfg)
