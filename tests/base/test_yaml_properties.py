"""Laws of reading and writing YAML."""

import contextlib

from hypothesis import given, settings
from hypothesis import strategies as st

from whence.base import yaml
from whence.base.error import UserError
from whence.testing.space import plain_values, scalars


def same(left, right):
    if isinstance(left, dict):
        return (
            isinstance(right, dict)
            and list(left) == list(right)
            and all(same(left[key], right[key]) for key in left)
        )
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    return type(left) is type(right) and left == right


@settings(deadline=None)
@given(plain_values)
def test_what_is_written_is_read_back(value):
    assert same(yaml.parse(yaml.dump(value)).value, value)


@settings(deadline=None)
@given(st.dictionaries(scalars | st.tuples(scalars, scalars), scalars, max_size=5))
def test_keys_of_any_kind_are_read_back(value):
    assert yaml.parse(yaml.dump(value)).value == value


@settings(deadline=None)
@given(st.text() | st.text("ab1 :-[]{},!&*<\n\t'\"#|>%~.?"))
def test_any_text_gives_a_value_or_our_own_error(text):
    with contextlib.suppress(UserError):
        yaml.parse(text, tags={"!a": lambda value, where: value})


@settings(deadline=None)
@given(plain_values)
def test_every_value_has_a_place(value):
    document = yaml.parse(yaml.dump(value))

    def visit(item, path):
        assert document.where(*path).line is not None
        pairs = item.items() if isinstance(item, dict) else enumerate(item)
        for key, inner in pairs:
            assert document.where(*path, key) != document.where_key(*path) or not path
            if isinstance(inner, (dict, list)):
                visit(inner, (*path, key))

    if isinstance(value, (dict, list)):
        visit(value, ())
