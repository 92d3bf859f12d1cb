"""Laws of comparing, against a model that compares all pairs of flattened parameters."""

import copy
import functools
import itertools

from hypothesis import given
from hypothesis import strategies as st

from whence.base.escape import canonical
from whence.records.comparison import Mark, ParameterComparison, dfdiff
from whence.records.task_parameter import fold_task_inputs, get_task_param, join_key, key_text

keys = st.sampled_from(["a", "b", "ab", "a.b", "μtilde", "inputs", "x@task", "", 1, True, "1"])
leaves = st.sampled_from(
    [0, 1, 1.0, True, None, float("nan"), -0.0, 0.0, "1", "–", [], [1], (1,), {}, 2**70, b"1"]
)
plain = st.recursive(leaves, lambda inner: st.dictionaries(keys, inner, max_size=3), max_leaves=8)
names = st.sampled_from(["Model", "Fit"])
values = st.recursive(
    leaves,
    lambda inner: (
        st.dictionaries(keys, inner, max_size=3)
        | st.lists(inner, max_size=2)
        | st.builds(
            lambda name, inputs: {"taskname": name, "module": "m", "inputs": inputs},
            names,
            st.dictionaries(keys, inner, max_size=3),
        )
    ),
    max_leaves=8,
)
plain_sets = st.dictionaries(keys, plain, max_size=4)
parameter_sets = st.dictionaries(keys, values, max_size=4)


def flatten(params, path=()):
    for key, value in params.items():
        here = (*path, (type(key).__name__, key))
        if isinstance(value, dict) and value:
            yield from flatten(value, here)
        else:
            yield here, canonical(value)


def differing(sets):
    """The paths of leaves that some pair does not agree on."""
    flat = [dict(flatten(params)) for params in sets]
    return {
        path
        for one, other in itertools.combinations(flat, 2)
        for path in one.keys() | other.keys()
        if one.get(path) != other.get(path)
    }


def dotted(path):
    return functools.reduce(join_key, (key_text(key) for _, key in path), "")


def cells(comparison, depth):
    columns, rows = comparison.table(depth)
    assert len(set(columns)) == len(columns)
    return {
        label: {name: canonical(cell) for name, cell in zip(columns, row, strict=True)}
        for label, row in zip(comparison.labels, rows, strict=True)
    }


@given(st.lists(plain_sets, max_size=4), st.integers(1, 4))
def test_a_column_is_shown_iff_some_pair_differs(sets, depth):
    paths = differing(sets)
    columns, _ = ParameterComparison(sets).table(depth)
    assert sorted(columns) == sorted(
        {path[:depth]: dotted(path[:depth]) for path in paths}.values()
    )


@given(
    st.lists(parameter_sets, max_size=4).flatmap(
        lambda sets: st.tuples(
            st.just(list(enumerate(sets))), st.permutations(list(enumerate(sets)))
        )
    ),
    st.integers(1, 4),
)
def test_order_of_records_changes_only_the_order_of_rows(both, depth):
    tables = [
        cells(ParameterComparison([params for _, params in sets], [i for i, _ in sets]), depth)
        for sets in both
    ]
    assert tables[0] == tables[1]


@given(st.lists(plain_sets, min_size=1, max_size=4))
def test_the_name_of_a_column_finds_its_cells(sets):
    comparison = ParameterComparison(sets)
    columns, rows = comparison.table(depth=10)
    for params, row in zip(sets, rows, strict=True):
        for name, cell in zip(columns, row, strict=True):
            if type(cell) is not Mark:
                assert canonical(get_task_param(params, name)) == canonical(cell)


@given(st.lists(parameter_sets, max_size=4))
def test_folding_before_changes_nothing_but_the_names_of_tasks(sets):
    whole = cells(ParameterComparison(sets), 10)
    folded = cells(ParameterComparison([fold_task_inputs(params) for params in sets]), 10)
    without = {
        label: {name: cell for name, cell in row.items() if not name.endswith("@task")}
        for label, row in whole.items()
    }
    assert without == folded


@given(parameter_sets, parameter_sets)
def test_dfdiff_is_antisymmetric(left, right):
    def entries(frame):
        rows = zip(frame.index.to_list(), frame["l"], frame["r"], strict=True)
        return sorted((str(key), canonical(a), canonical(b)) for key, a, b in rows)

    there, back = dfdiff(left, right, "l", "r"), dfdiff(right, left, "r", "l")
    assert entries(there) == entries(back)
    assert dfdiff(left, copy.deepcopy(left)).empty


@given(st.lists(parameter_sets, max_size=3))
def test_the_frame_says_what_the_table_says(sets):
    comparison = ParameterComparison(sets)
    columns, rows = comparison.table(2)
    frame = comparison.dataframe(2)
    assert list(frame.columns) == list(columns)
    for row, shown in zip(rows, frame.itertuples(index=False, name=None), strict=True):
        assert [canonical(str(cell) if type(cell) is Mark else cell) for cell in row] == [
            canonical(cell) for cell in shown
        ]
