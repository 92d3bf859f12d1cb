from hypothesis import given
from hypothesis import strategies as st

from whence.base.error import UserError
from whence.sweep import Template


@given(st.text(max_size=20))
def test_escaped_text_comes_back(text):
    word = text.replace("{", "{{").replace("}", "}}")
    assert Template((word,)).fill({}) == [text]


@given(st.text("{}a.!:0 ", max_size=12))
def test_any_word_is_filled_or_refused_with_our_error(text):
    try:
        template = Template((text,))
        template.check(["a", "a.a"])
        template.fill({"a": 1, "a.a": 2.5, "out": "o", "state": "1", "params_file": "p"})
    except UserError:
        pass
