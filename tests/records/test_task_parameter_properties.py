"""Laws of folding and of names."""

import contextlib

from hypothesis import given
from hypothesis import strategies as st

from whence.base.error import UserError
from whence.records.task_parameter import fold_task_inputs, get_task_param, join_key, key_text

words = st.sampled_from(
    ["taskname", "module", "inputs", "reason", "digest", "hashed_digest", "generator_x", "a", "b"]
)
values = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.dictionaries(words, inner, max_size=4)
        | st.lists(inner, max_size=2)
        | st.builds(
            lambda name, module, inputs: {"taskname": name, "module": module, "inputs": inputs},
            inner,
            inner,
            inner,
        )
    ),
    max_leaves=20,
)
keys = st.text() | st.integers() | st.booleans() | st.binary() | st.tuples(st.integers(), st.text())


@given(values)
def test_folding_is_idempotent(value):
    once = fold_task_inputs(value)
    assert fold_task_inputs(once) == once


@given(st.lists(keys, min_size=1, max_size=5), st.integers())
def test_a_joined_name_leads_back(path, leaf):
    params, name = leaf, ""
    for key in reversed(path):
        params = {key: params}
    for key in path:
        name = join_key(name, key_text(key))
    assert get_task_param(params, name) == leaf


@given(st.lists(keys, max_size=4), st.lists(keys, max_size=4))
def test_names_are_unambiguous(left, right):
    def name(path):
        text = ""
        for key in path:
            text = join_key(text, key_text(key))
        return text

    identical = [(type(key), key) for key in left] == [(type(key), key) for key in right]
    assert (name(left) == name(right)) == identical


@given(values, st.text(alphabet="ab.[]'\\01inputs", max_size=12) | st.text())
def test_any_name_finds_a_value_or_gives_our_error(value, name):
    with contextlib.suppress(UserError):
        get_task_param(value, name)
