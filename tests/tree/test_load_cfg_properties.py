from hypothesis import given
from hypothesis import strategies as st

from whence.base.error import UserError
from whence.tree import entries
from whence.tree.entry import LoadEntry

keys = st.sampled_from(
    ["loader", "glob_str", "required", "ignore", "path_regex", "target_path", "target_group"]
    + ["target_path_kwargs", "load_as_attr", "exists_action", "base_path", "enable_mapping"]
)
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


@given(cfgs)
def test_a_configuration_is_understood_or_refused(cfg):
    """Bad input gives only our errors, each with its place and a code."""
    try:
        found = entries(cfg)
    except UserError as error:
        assert error.problems
        for problem in error.problems:
            assert problem.code
            assert problem.where is not None
            assert problem.where.path[0] in cfg
    else:
        assert all(isinstance(entry, LoadEntry) for entry in found)
        assert [entry.name for entry in found] == list(cfg)


@given(cfgs | values)
def test_what_is_no_mapping_is_refused(cfg):
    if not isinstance(cfg, dict):
        try:
            entries(cfg)
        except UserError as error:
            assert error.problems[0].code == "bad-load-cfg"
        else:
            raise AssertionError(cfg)
