"""Every leaf is found by exactly the name under which it is shown."""

import datetime as dt
import pathlib

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from whence.base.clock import new_id
from whence.base.dotted import join_key, key_text, name_parts
from whence.base.escape import encode
from whence.params import flatten
from whence.records import RecordStoreView, get_task_param

ODD = st.sampled_from(
    ["a.b", "a", "b", "a.b.c", "", " ", "a b", "x/y", "[1]", "1", '"', "'", "\\", '"a"', "-x",
     "a,b", "a>3", "x = 1", "not", "has", "exists", "params", "param", "metadata", "inputs",
     "taskname", "name", "status", "created", "μtilde", "\n", "\udc80", "$map", "$x",
     "@task", "a@task", "/a", "a contains b", "tag", "~", "!", "%", "{", "}", "*"]
)  # fmt: skip
TEXTS = ODD | st.text(max_size=6)
KEYS = TEXTS | st.integers(-3, 12) | st.booleans() | st.none() | st.sampled_from(
    [(1, "a"), 1.5, b"x", dt.date(2020, 1, 2), pathlib.Path("a/b"), frozenset({1})]
)  # fmt: skip


def nested(keys):
    return st.dictionaries(
        keys,
        st.recursive(
            st.integers(0, 9), lambda inner: st.dictionaries(keys, inner, max_size=3), max_leaves=6
        ),
        min_size=1,
        max_size=4,
    )


@given(st.lists(KEYS, min_size=1, max_size=4))
def test_a_name_says_its_keys(keys):
    name = ""
    for key in keys:
        name = join_key(name, key_text(key))
    parts = name_parts(name)
    assert [key_text(key) for key in keys] == [
        f"[{part.text}]" if hasattr(part, "text") else key_text(part) for part in parts
    ]


@given(nested(KEYS))
def test_no_two_leaves_share_a_name(params):
    def count(value):
        if isinstance(value, dict) and value:
            return sum(map(count, value.values()))
        return 1

    assert len(flatten(params)) == count(params)


@given(nested(KEYS))
def test_the_index_names_leaves_as_they_are_shown(params):
    from whence.store import leaves

    encoded = encode(params)
    assert list(leaves(encoded)) == list(flatten(params))


@settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(st.lists(nested(KEYS), min_size=3, max_size=8))
def test_every_leaf_is_found_by_the_name_that_is_shown(store, sets):
    writer = store.writer()
    for params in sets:
        facts = {"kind": "run", "status": "completed", "params": encode(params)}
        writer.append("set", new_id(), {"f": facts})
    view = RecordStoreView(store).limit(len(sets)).list
    for record in view:
        for name, value in flatten(record.parameters).items():
            if value == {}:
                continue
            assert get_task_param(record, name) == value
            assert record in view.filter.params({name: value}).aslist(), name
            assert record in view.filter.params(ge={name: value}).aslist(), name
            assert record not in view.filter.params_missing(name).aslist(), name
            assert record in view.filter(f"params.{name} == {value}").aslist(), name
            assert record in view.filter(f"params.{name} exists").aslist(), name
            if name.partition(".")[0] not in PLACES:
                assert record in view.filter(f"{name} == {value}").aslist(), name
            shown = view.summary.dataframe(fields=(), parameters=(name,))
            assert str(value) in set(shown.iloc[:, 1])
        view.sort(*(f"params.{name}" for name in flatten(record.parameters))).aslist()


PLACES = {"name", "status", "created", "tag", "param", "params", "metadata"}
"""What filter strings read otherwise: such parameters need ``params.`` before their names."""
