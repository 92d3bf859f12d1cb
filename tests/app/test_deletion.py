"""Deleting records and bringing them back."""

import time

import pytest

from whence.app import chosen_runs, delete, deleted_runs, plan_deletion, plan_return, undelete
from whence.base.error import UserError
from whence.records import Records, conditions_of
from whence.runs import Origin, Run
from whence.store import Store, collect


@pytest.fixture
def shared(workspace, project, record):
    """Two runs that share one file and have one each."""
    (project / "both.txt").write_text("both")
    for name in ("a", "b"):
        (project / f"{name}.txt").write_text(name * 1000)
        record(name, files=[("output", f"{name}.txt"), ("output", "both.txt")])


def ids(workspace):
    return [record.name for record in chosen_runs(workspace, [])]


def test_the_plan_tells_what_only_they_hold(workspace, shared):
    plan = plan_deletion(workspace, chosen_runs(workspace, ["a"]))
    assert (plan.loss.contents, plan.loss.size, plan.left) == (1, 1000, 0)
    both = plan_deletion(workspace, chosen_runs(workspace, ["a", "b"]))
    assert (both.loss.contents, both.loss.size) == (3, 2004)
    assert ids(workspace) == ["b", "a"]


def test_deleted_and_brought_back(workspace, shared):
    delete(workspace, plan_deletion(workspace, chosen_runs(workspace, ["a"])))
    assert ids(workspace) == ["b"]
    assert [record.name for record in deleted_runs(workspace)] == ["a"]
    (back,) = undelete(workspace, plan_return(workspace, ["a"]))
    assert [item.name for item in back.artifacts] == ["a.txt", "both.txt"]
    assert ids(workspace) == ["b", "a"]
    assert deleted_runs(workspace) == []
    with pytest.raises(UserError, match="no deleted run fits 'a'"):
        undelete(workspace, plan_return(workspace, ["a"]))


def test_what_deleted_runs_logged_and_were_given_is_found_too(workspace, record):
    for name in ("a", "b", "c"):
        with Run(workspace.store) as run:
            run.init(name, metadata={"x": name})
            run.log_event(f"{name} diverged")
    delete(workspace, plan_deletion(workspace, chosen_runs(workspace, ["a", "b"])))
    records = Records(workspace.store, deleted=True)
    for word, names in (("text contains diverged", ["b", "a"]), ("metadata.x == b", ["b"]),
                        ("status == completed", ["b", "a"]), ("metadata.x == c", [])):  # fmt: skip
        found, count = records.select(conditions_of([word]))
        assert ([record.name for record in found], count) == (names, len(names))
    assert records.resolve("a").metadata == {"x": "a"}
    assert ids(workspace) == ["c"]


def test_children_stay_unless_they_are_meant(workspace):
    with Run(workspace.store) as sweep:
        sweep.init("sweep", origin=Origin(kind="sweep"))
        for number in range(3):
            with Run(workspace.store) as run:
                run.init(f"point {number}", origin=Origin(parent=sweep.id))
    found = chosen_runs(workspace, ["sweep"])
    assert plan_deletion(workspace, found).left == 3
    plan = plan_deletion(workspace, found, children=True)
    assert (len(plan.records), plan.left) == (4, 0)
    delete(workspace, plan)
    assert ids(workspace) == []
    back = plan_return(workspace, ["sweep"])
    assert ([record.name for record in back.records], back.left) == (["sweep"], 3)
    undelete(workspace, back)
    assert ids(workspace) == ["sweep"]
    undelete(workspace, plan_return(workspace, ["sweep"], children=True))
    assert len(ids(workspace)) == 4
    delete(workspace, plan)
    undelete(workspace, plan_return(workspace, ["sweep"], children=True))
    assert len(ids(workspace)) == 4


def test_a_running_run_is_refused(workspace):
    with Run(workspace.store) as run:
        run.init("live")
        with pytest.raises(UserError, match="still running"):
            plan_deletion(workspace, Records(workspace.store).of_ids([run.id]))


def test_several_deleted_runs_of_one_name(workspace, record):
    for _ in range(2):
        record("twin")
    delete(workspace, plan_deletion(workspace, chosen_runs(workspace, [])))
    with pytest.raises(UserError, match="several deleted runs fit 'twin'"):
        plan_return(workspace, ["twin"])


@pytest.mark.parametrize("text", ["*", "?", "[a-z]*", "", " ", "a\0", "\udcff"])
def test_a_pattern_names_no_deleted_run(workspace, record, text):
    record("sweep/a")
    delete(workspace, plan_deletion(workspace, chosen_runs(workspace, [])))
    with pytest.raises(UserError):
        plan_return(workspace, [text])
    assert [one.name for one in plan_return(workspace, ["a"]).records] == ["sweep/a"]


def test_what_gc_has_collected_is_gone_for_good(workspace, shared):
    delete(workspace, plan_deletion(workspace, chosen_runs(workspace, ["a"])))
    (record,) = deleted_runs(workspace)
    workspace.store.writer().close()
    later = Store.open(workspace.store.root, clock=lambda: time.time() + 15 * 86400)
    assert collect(later, act=True).plan.final == (record.id,)
    assert deleted_runs(workspace) == []
    with pytest.raises(UserError, match="gone for good"):
        plan_return(workspace, [record.id])
    assert ids(workspace) == ["b"]


def test_a_word_that_counts_for_nothing_is_said(workspace):
    """Another machine's clock was days ahead, and what it wrote last comes last until then."""
    store = workspace.store
    run = Run(store).init("a")
    run.close()
    ahead = Store.open(store.root, clock=lambda: time.time() + 3 * 86400)
    ahead.writer().append("delete", run.id, {})
    with pytest.raises(UserError, match="stays deleted: the last word on that is from more than"):
        undelete(workspace, plan_return(workspace, [run.id]))
    ahead.writer().append("undelete", run.id, {})
    record = Records(store).resolve(run.id)
    with pytest.raises(UserError, match=r"stays: .* a day ahead"):
        delete(workspace, plan_deletion(workspace, [record]))
