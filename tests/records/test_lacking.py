"""Filter strings on runs that have no such value, and strings that are no filters."""

import pytest

from whence.base.error import UserError
from whence.records import RecordStoreView


@pytest.fixture
def told(store, run):
    """Runs that told of themselves, and the last, which told nothing."""
    gpu = {"system": {"gpu": {"name": "A100"}}}
    run(0, **gpu, description="melt", user="ada", outcome="fine", ended=1.7e9 + 100,
        started=1.7e9, params={"x": "melt"})  # fmt: skip
    run(1, description="freeze", user="bob", outcome="bad", ended=1.7e9 + 7200,
        started=1.7e9, folder="/a", params={"x": "freeze"}, kind="task")  # fmt: skip
    run(2, status="running")
    store.writer().append("tags", "20260101T000000abcdefg", {"add": ["melt"], "remove": []})
    return RecordStoreView(store)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("description != melt", "1"),
        ("description not contains melt", "1"),
        ("not description contains melt", "12"),
        ("not description == melt", "12"),
        ("description not exists", "2"),
        ("system.gpu.name exists", "0"),
        ("system.gpu.name ~ ^A[0-9]+$", "0"),
        ("system.gpu.name != A100", ""),
        ("system.gpu.name != V100", "0"),
        ("system.gpu.name not contains V", "0"),
        ("user != ada", "1"),
        ("outcome != fine", "1"),
        ("params.x != melt", "1"),
        ("params.x not contains melt", "1"),
        ("x != melt", "1"),
        ("x not contains melt", "1"),
        ("ended != 2020", "01"),
        ("folder != /a", "02"),
        ("kind != task", "02"),
        ("status != completed", "2"),
        ("status exists", "012"),
        ("tag exists", "0"),
        ("tag not exists", "12"),
        ("tag != melt", "12"),
        ("tag != other", "012"),
        ("alert.name != hot", "012"),
        ("alert.hot != ok", ""),
        ("output.path not contains x", "012"),
        ("duration > 90", "01"),
        ("duration > 1h", "1"),
        ("took <= 100", "0"),
        ("duration != 100", "1"),
        ("duration == 100", "0"),
        ("duration exists", "01"),
        ("not duration > 1h", "02"),
        ("description == 'salt and pepper > 3'", ""),
        ("description == and x", ""),
    ],
)
def test_what_has_no_value_fits_no_comparison_with_it(told, text, kept):
    assert "".join(sorted(one.id[14] for one in told.filter(text))) == kept


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("metadata.x > 0 and metadata.x < 2", "a filter of its own"),
        ("x exists and y exists", "a filter of its own"),
        ("has tag.a && has tag.b", "a filter of its own"),
        ("metadata.x < 0 or not metadata.x > 2", "any_of"),
        ("status == failed OR status == lost", "any_of"),
        ("duration ~ 3", "seconds"),
        ("duration > long", "90min"),
        ("artifact.id exists", "=="),
        ("artifact.id contains abab", "cannot be used for 'artifact.id'"),
        ("artifact.id contains abab", "with the digest or its first digits"),
        ("artifact.id == ababa", "6 or more of its first digits"),
        ("artifact.id startswith ababab", "Write 'artifact.id == ababab'"),
        ("name starts with melt", "Write 'name ~ ^melt'"),
        ("tag contains mel", "cannot be used for 'tag'"),
    ],
)
def test_filters_that_are_none_say_how_to_write_them(told, text, hint):
    with pytest.raises(UserError) as caught:
        told.filter(text)
    assert hint in str(caught.value)
