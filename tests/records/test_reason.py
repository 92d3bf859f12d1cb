"""The reasons of records, changed through a view."""

import pytest

from whence.base.error import UserError
from whence.records import RecordStoreView


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


def test_reasons_are_standardized(store, run):
    run(0, reason=[" why \n\nso", "why", "", "  "])
    (record,) = RecordStoreView(store).update_reason(mode="standardize")
    assert record.reason == ("why", "so")
    assert record.update_reason(mode="standardize").reason == ("why", "so")
    with pytest.raises(UserError, match="takes none"):
        record.update_reason("text", mode="standardize")
    with pytest.raises(UserError):
        record.update_reason()
