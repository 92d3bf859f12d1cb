"""Tags, comments and reasons given later."""

import time

import pytest

from whence.app import Workspace, chosen_runs, edit_comment, edit_reason, edit_tags, some_runs
from whence.base.error import UserError
from whence.records import Records
from whence.store import Store
from whence.store.files import Files


def state(workspace, run):
    return Records(workspace.store).get(run)


def test_tags_are_given_and_taken(workspace, record):
    runs = [record(name, tags=["old"]) for name in ("a", "b")]
    found = chosen_runs(workspace, ["a", "b", runs[0]])
    assert [one.id for one in found] == runs
    edited = edit_tags(workspace, found, ["new", "old"], ["gone"])
    assert edited.changed == set(runs)
    assert [one.tags for one in edited.records] == [("new", "old")] * 2
    again = edit_tags(workspace, edited.records, ["new"], ["gone"])
    assert again.changed == set()
    edit_tags(workspace, again.records[:1], [], ["old"])
    assert state(workspace, runs[0]).tags == ("new",)
    assert state(workspace, runs[1]).tags == ("new", "old")


@pytest.mark.parametrize("tag", ["", "  ", "a\nb", "_finished_"])
def test_a_bad_tag_changes_nothing(workspace, record, tag):
    run = record("a", tags=["old"])
    with pytest.raises(UserError):
        edit_tags(workspace, chosen_runs(workspace, [run]), ["fine", tag])
    with pytest.raises(UserError, match="both"):
        edit_tags(workspace, chosen_runs(workspace, [run]), ["x"], ["x"])
    assert state(workspace, run).tags == ("old",)


def test_comments_add_up_and_reasons_are_replaced(workspace, record):
    found = chosen_runs(workspace, [record("a")])
    edit_comment(workspace, found, "too hot")
    found = chosen_runs(workspace, ["a"])
    assert edit_comment(workspace, found, "too hot").changed == set()
    edited = edit_comment(workspace, found, "again")
    assert edited.records[0].outcome == "too hot\nagain"
    edited = edit_comment(workspace, edited.records, "fine", replace=True)
    assert edited.records[0].outcome == "fine"
    edit_reason(workspace, found, "first")
    edited = edit_reason(workspace, chosen_runs(workspace, ["a"]), "second", append=True)
    assert edited.records[0].reason == ("first", "second")
    assert edit_reason(workspace, edited.records, "third").records[0].reason == ("third",)
    assert edit_reason(workspace, edited.records, "").records[0].reason == ()
    with pytest.raises(UserError, match="empty"):
        edit_comment(workspace, found, "  ")


def test_runs_must_be_named_or_chosen(workspace, record):
    record("a", {"x": 1})
    with pytest.raises(UserError, match="which runs"):
        some_runs(workspace, [])
    with pytest.raises(UserError, match="no run fits"):
        some_runs(workspace, [], ["params.x > 1"])
    assert len(some_runs(workspace, [], ["params.x == 1"])) == 1


class Counting(Files):
    """Counts the bytes that are read."""

    count = 0

    def read(self, fd, size, offset):
        data = super().read(fd, size, offset)
        self.count += len(data)
        return data


def test_an_edit_of_an_old_record_reads_no_other(workspace, record):
    """However much was recorded since."""
    first = record("first")
    for _ in range(100):
        record("later", {"x": 1})
    workspace.store.index()
    files = Counting()
    again = Store.open(workspace.store.root, files=lambda shared: files)
    edited = edit_tags(
        Workspace(again.project, again),
        chosen_runs(Workspace(again.project, again), [first]),
        ["f"],
    )
    assert edited.changed == {first}
    written = sum(path.stat().st_size for path in again.root.glob("journals/*/*.jsonl"))
    assert written > 100_000
    assert files.count < written / 10


def test_what_changed_is_told_though_a_line_is_from_the_future(workspace, record):
    """A clock was days ahead: what is written now comes before its line, and may yet count."""
    run = record("a")
    ahead = Store.open(workspace.store.root, clock=lambda: time.time() + 3 * 86400)
    ahead.writer().append("tags", run, {"add": ["kept"]})
    edited = edit_tags(workspace, chosen_runs(workspace, [run]), ["new"])
    assert edited.changed == {run}
    edited = edit_tags(workspace, edited.records, [], ["kept"])
    assert edited.changed == set()
    assert edited.records[0].tags == ("kept", "new")
