"""Laws of recipes."""

import contextlib
import functools
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from whence.base.error import UserError
from whence.plot import render
from whence.plot.recipe import FORMATS, Recipe, read_recipe

LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
CONFIGURATIONS = st.dictionaries(
    st.text(),
    st.recursive(
        LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
    ),
    max_size=4,
)


@given(CONFIGURATIONS, st.text(), st.lists(st.text()))
def test_reading_gives_back_what_was_written(configuration, name, inputs):
    recipe = Recipe.of(name, configuration, data="d", inputs=inputs)
    again = Recipe.from_json(recipe.as_json())
    assert again == recipe
    assert again.digest == recipe.digest


@given(CONFIGURATIONS)
def test_the_order_of_keys_does_not_matter(configuration):
    turned = dict(reversed(list(configuration.items())))
    one, other = (Recipe.of("p", c, data="d") for c in (configuration, turned))
    assert one.digest == other.digest
    assert one.as_json() == other.as_json()


@given(st.text())
def test_any_text_is_a_recipe_or_none_or_refused(text):
    with contextlib.suppress(UserError):
        assert Recipe.from_json(text) is None


@functools.cache
def figure(format_):
    recipe = Recipe.of("p", {"kind": "line"}, data="d")
    with render.sheet({}) as sheet:
        sheet.subplots().plot([0, 1])
        return recipe, render.render(sheet, format_, recipe)


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(list(FORMATS)), st.data())
def test_a_damaged_file_gives_the_recipe_none_or_our_error(format_, data):
    recipe, content = figure(format_)
    broken = bytearray(content)
    for _ in range(data.draw(st.integers(1, 8))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    broken = broken[: data.draw(st.integers(len(broken) // 2, len(broken)))]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "figure")
        path.write_bytes(bytes(broken))
        with contextlib.suppress(UserError):
            assert read_recipe(path) in (None, recipe)
