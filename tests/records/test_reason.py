"""The reasons of records, changed through a view."""

import pytest

from whence.base.error import UserError
from whence.records import RecordStoreView
from whence.store import Store


@pytest.fixture
def view(tmp_path):
    store = Store.create(tmp_path)
    for number in range(6):
        facts = {"created": 1.7e9 + number, "reason": ["why"]}
        store.writer().append("set", f"20260101T0000{number:02}abcdefg", {"f": facts})
    yield RecordStoreView(store)
    store.writer().close()


def test_reasons(view):
    one = view.limit(1).list
    one.update_reason("first")
    assert one[0].reason == ("first", "why")
    one.update_reason("last", mode="append")
    one.update_reason({"w(.)y": r"W\1Y"}, mode="replace substr")
    assert one[0].reason == ("first", "WhY", "last")
    one.update_reason(lambda lines: lines[:1], mode="callback")
    assert one[0].reason == ("first",)
    one.update_reason(["a", "b"], mode="replace all")
    assert one[0].reason == ("a", "b")
    with pytest.raises(UserError, match="Did you mean 'append'"):
        one.update_reason("x", mode="apend")


@pytest.mark.parametrize(
    ("reason", "mode"),
    [
        (None, "append"),
        (lambda lines: None, "callback"),
        (lambda lines: [*lines, 5], "callback"),
        ({"w": 5}, "replace substr"),
        ({"w": r"\9"}, "replace substr"),
        ({"w": r"\g<x>"}, "replace substr"),
        ({"(": "x"}, "replace substr"),
        (["why"], "replace substr"),
        ("why", "callback"),
    ],
)
def test_a_reason_that_does_not_fit_is_refused(view, reason, mode):
    with pytest.raises(UserError):
        view.update_reason(reason, mode)
    assert {record.reason for record in view} == {("why",)}


def test_a_reason_is_changed_of_all_records_or_of_none(view):
    def change(lines, left=[1, 1]):  # noqa: B006  (counts its calls)
        return [str(left.pop())]

    with pytest.raises(IndexError):
        view.update_reason(change, mode="callback")
    assert {record.reason for record in view} == {("why",)}


def test_reasons_are_standardized(tmp_path):
    store = Store.create(tmp_path)
    name = "20260101T000000abcdefg"
    told = [" why \n\nso", "why", "", "  "]
    store.writer().append("set", name, {"f": {"created": 1.7e9, "reason": told}})
    (record,) = RecordStoreView(store).update_reason(mode="standardize")
    assert record.reason == ("why", "so")
    assert record.update_reason(mode="standardize").reason == ("why", "so")
    with pytest.raises(UserError, match="takes none"):
        record.update_reason("text", mode="standardize")
    with pytest.raises(UserError):
        record.update_reason()
    store.writer().close()
