"""`whence.lineage` takes whatever one has at hand: runs, records, artifacts, files, folders."""

import pytest

import whence
from whence.base.error import UserError
from whence.records import Records
from whence.runs import Run


@pytest.fixture
def made(project):
    first = project.run("first", code=["model.py"], puts=["out/a.txt", "out/b.txt"])
    second = project.run("second", takes=["out/a.txt"], puts=["end.txt"])
    return project, first, second


def test_all_that_means_the_same_gives_the_same(made, monkeypatch):
    project, first, second = made
    record = Records(project.store).get(second)
    (end,) = record.of_category("output")
    monkeypatch.chdir(project.folder)
    of_content = whence.lineage("end.txt")
    assert {member.name for member in of_content.members.values()} == {
        "end.txt", "second", "a.txt", "first", "model.py",
    }  # fmt: skip
    for thing in (end, end.digest, end.digest[:8], project.file("end.txt"), "second:end.txt"):
        assert whence.lineage(thing).members == of_content.members
    of_run = whence.lineage(second)
    for thing in (record, "second", second[-9:]):
        assert whence.lineage(thing, store=project.store).members == of_run.members
    folder = whence.lineage("out")
    assert set(folder.roots) == {project.digest("out/a.txt"), project.digest("out/b.txt")}
    assert {first, second} <= set(folder.members)


def test_a_live_run_knows_its_store(made):
    project, _, _ = made
    with Run(project.store) as run:
        run.init("third")
        run.save_file(project.file("end.txt"), "input")
        assert {"second", "first"} <= {
            member.name for member in whence.lineage(run).upstream().members.values()
        }


@pytest.mark.parametrize("thing", [None, 3, object()])
def test_what_is_nothing_of_the_kind_is_refused(made, thing):
    project, _, _ = made
    with pytest.raises(UserError, match="neither a run nor an artifact"):
        whence.lineage(thing, store=project.store)


def test_a_sweep_has_its_points_and_those_an_earlier_one_did(made):
    project, _, _ = made
    writer = project.store.writer()
    for name, points in (("early", ["p0", "p1"]), ("late", ["p2"]), ("other", ["q0"])):
        folder = "runs/other" if name == "other" else "runs/scan"
        writer.append("set", name, {"f": {"kind": "sweep", "name": name, "dir": folder}})
        for point in points:
            writer.append("set", point, {"f": {"name": point, "parent": name}})
    found = whence.lineage("late", store=project.store)
    assert set(found.members) == {"late", "p0", "p1", "p2"}
