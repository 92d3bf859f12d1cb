"""Laws of plot specs: any configuration gives specs or our errors; updating keeps what it is."""

import contextlib

from hypothesis import given, settings
from hypothesis import strategies as st

from whence.base.error import UserError
from whence.base.yaml import Document
from whence.plot import PlotManager
from whence.plot.inherit import updated
from whence.plot.spec import check_specs
from whence.tree import OrderedDataGroup

KEYS = st.sampled_from([
    "creator", "plot_func", "module", "module_file", "file_ext", "creator_init_kwargs", "enabled",
    "based_on", "select", "transform", "dag_options", "helpers", "style", "plot_func_kwargs",
    "universes", "select_and_combine", "kind", "hue", "compute_only", "out_dir", "use_dag",
])  # fmt: skip
WORDS = st.sampled_from([
    "universe", "facet_grid", ".generic", "pdf", "a", "b", "line", "all", "set_title", "title",
    "set_limits", "x", "lines.linewidth", "base_style", "define", "psgrp_path", "default_ext",
]) | st.text(max_size=5)  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(WORDS | st.integers(), inner, max_size=3)
    ),
    max_leaves=6,
)  # fmt: skip
PLOTS = st.dictionaries(KEYS, VALUES, max_size=6) | VALUES
CONFIGURATIONS = st.dictionaries(st.sampled_from(["a", "b", ".c"]) | WORDS, PLOTS, max_size=3)
TREE = OrderedDataGroup(name="tree")
MAPPINGS = st.recursive(
    st.integers(), lambda inner: st.dictionaries(st.sampled_from("abc"), inner), max_leaves=8
)


@settings(max_examples=300, deadline=None)
@given(CONFIGURATIONS)
def test_any_configuration_gives_specs_or_our_errors(configuration):
    specs, problems = check_specs(Document(configuration), PlotManager()._defaults)
    assert all(spec.name in configuration for spec in specs)
    if problems or not specs:
        with contextlib.suppress(UserError):
            assert not PlotManager(TREE).plot_from_cfg(configuration)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_near_misses_of_a_good_plot_give_specs_or_our_errors(changes):
    plot = {"module": ".generic", "plot_func": "facet_grid", "select": {"data": "x"}} | changes
    specs, problems = check_specs(Document({"p": plot}), PlotManager()._defaults)
    assert specs or problems or changes.get("enabled") is False
    if problems:
        with contextlib.suppress(UserError):
            PlotManager(TREE).plot_from_cfg({"p": plot})


@given(MAPPINGS, MAPPINGS)
def test_an_update_wins_twice_is_once_and_changes_nothing_it_was_given(base, update):
    before = repr(base), repr(update)
    merged = updated(base, update)
    assert updated(merged, update) == merged
    assert (repr(base), repr(update)) == before
    if isinstance(update, dict) and isinstance(base, dict):
        assert merged.keys() == base.keys() | update.keys()
    else:
        assert merged == update
