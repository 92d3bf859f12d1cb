"""What the client tells of folders, tags, alerts and events, and what it deletes."""

import pytest

from whence.app import plan_return, undelete
from whence.app.client import Client
from whence.base.error import UserError
from whence.runs import Run


@pytest.fixture
def client(workspace):
    return Client(workspace.store)


def test_a_server_is_not_asked(workspace, record):
    record("a", tags=["x"])
    client = Client(workspace.store, server_token="t", server_url="https://nowhere.invalid")
    assert client.get_tag(tag_id="x").runs == 1
    assert len(client.delete_tag(tag_id="x")) == 1


def ids(client):
    return {record.name: run for run, record in client.get_runs(count_limit=None)}


def test_folders_have_what_their_runs_told_of_them(client, record):
    with Run(client.store) as run:
        run.init("old", folder="/melt/first")
        run.set_folder_details({"T": 1.5, "by": "x"}, ["cold"], "the first")
        run.set_folder_details(metadata={"seed": 3})
    with Run(client.store) as run:
        run.init("new", folder="/melt/first")
        run.set_folder_details({"T": 2.5}, ["hot", "done"])
    record("other", folder="/heat")
    folder = client.get_folder("/melt/first/")
    assert (folder.path, folder.runs, folder.description) == ("/melt/first", 2, "the first")
    assert folder.metadata == {"T": 2.5, "by": "x", "seed": 3}
    assert folder.tags == ("hot", "done")
    assert folder.created <= folder.modified
    found = dict(client.get_folders())
    assert {path: one.runs for path, one in found.items()} == {
        "/": 0, "/heat": 1, "/melt": 0, "/melt/first": 2,
    }  # fmt: skip
    assert found["/melt/first"] == folder
    with pytest.raises(UserError, match="no run is in the folder '/mlt'"):
        client.get_folder("/mlt")
    with pytest.raises(UserError, match="'melt' is no folder of runs"):
        client.get_folder("melt")


def test_the_newest_word_on_a_folder_counts_though_it_was_said_before(client):
    for temperature in (1, 2, 2, 1):
        with Run(client.store) as run:
            run.init(folder="/melt")
            run.set_folder_details({"T": temperature, f"is{temperature}": True})
    folder = client.get_folder("/melt")
    assert folder.metadata == {"T": 1, "is1": True, "is2": True}
    assert dict(client.get_folders())["/melt"] == folder


def test_folders_are_filtered_and_sorted(client):
    for number in range(3):
        with Run(client.store) as run:
            run.init(folder=f"/f{number}")
            run.set_folder_details({"x": {"y": number}, "odd": bool(number % 2)}, [f"t{number}"],
                                   f"number {number}")  # fmt: skip
    for filters, wanted in [
        ("metadata.x.y >= 1", ["/f1", "/f2"]),
        (["metadata.x.y > 0", "metadata.x.y != 2"], ["/f1"]),
        ("has tag.t2", ["/f2"]),
        ("has not tag.t2", ["/", "/f0", "/f1"]),
        ("metadata.x.y exists", ["/f0", "/f1", "/f2"]),
        ("metadata.x.y not exists", ["/"]),
        ("path == /f1", ["/f1"]),
        ("path contains f", ["/f0", "/f1", "/f2"]),
        ("description contains 'ber 0'", ["/f0"]),
    ]:
        assert [path for path, _ in client.get_folders(filters)] == wanted, filters
    down = client.get_folders(sort_by_columns=[("metadata.x.y", True)], count_limit=2)
    assert [path for path, _ in down] == ["/f2", "/f1"]
    rest = client.get_folders(sort_by_columns=[("created", True)], start_index=2)
    assert [path for path, _ in rest] == ["/f0", "/"]
    for filters in ("nonsense", "paht == /x", "path == ", 3):
        with pytest.raises(UserError, match="no filter for folders"):
            client.get_folders([filters])
    with pytest.raises(UserError, match="no column 'pth'"):
        client.get_folders(sort_by_columns=[("pth", True)])
    for start, count, columns in [(-1, 1, None), (0, "x", None), (0, 1, ["path"]), (0, 1, "path")]:
        with pytest.raises(UserError):
            client.get_folders(start_index=start, count_limit=count, sort_by_columns=columns)


def test_tags_are_told_and_taken_off(client, record):
    first = record("a", tags=["melt", "x"])
    second = record("b", tags=["melt"])
    assert [(name, tag.runs) for name, tag in client.get_tags()] == [("melt", 2), ("x", 1)]
    most = client.get_tags(sort_by_columns=[("runs", False)], count_limit=1)
    assert [name for name, _ in most] == ["x"]
    assert client.get_tag("melt").created == client.get_run(first).created
    with pytest.raises(UserError, match="no run has the tag 'mlt'"):
        client.get_tag("mlt")
    assert sorted(client.delete_tag("melt")) == sorted([first, second])
    assert client.get_run(first).tags == ("x",)
    assert [name for name, _ in client.get_tags()] == ["x"]
    with pytest.raises(UserError, match="no run has the tag"):
        client.delete_tag("melt")


def test_alerts_and_how_they_stand(client):
    with Run(client.store) as run:
        run.init("hot")
        run.create_metric_threshold_alert(
            name="high", metric="T", threshold=3, rule="is above", description="too hot"
        )
        run.create_user_alert(name="mine")
        run.create_user_alert(name="kept for others", attach_to_run=False)
        run.log_metrics({"T": 5})
    with Run(client.store) as cool:
        cool.init("cool")
        cool.add_alerts(names=["high"])
        cool.log_metrics({"T": 1})
    assert client.get_alerts(run_id="hot") == ["high"]
    assert client.get_alerts(run_id="hot", critical_only=False) == ["high", "mine"]
    assert client.get_alerts(run_id="cool") == []
    assert client.get_alerts() == ["high"]
    by_name = [("name", True)]
    assert client.get_alerts(critical_only=False, sort_by_columns=by_name, count_limit=2) == [
        "mine", "kept for others",
    ]  # fmt: skip
    (high,) = client.get_alerts(names_only=False)
    assert (high.name, high.source, high.description) == ("high", "metrics", "too hot")
    assert high.rule["threshold"] == 3
    assert high.standing == {run.id: "critical", cool.id: "ok"}
    assert high.status == "critical"


def test_a_deleted_alert_is_gone_until_it_is_made_again(client):
    with Run(client.store) as run:
        run.init("hot")
        made = run.create_user_alert(name="mine")
        assert client.delete_alert("mine") == [run.id]
        run.log_alert(name="mine", state="critical")  # this process watches on to its end
    assert client.get_alerts(critical_only=False) == []
    assert client.get_run("hot").alerts == {}
    assert dict(client.get_runs("alert.mine == critical")) == {}
    with pytest.raises(UserError, match="no run on record has an alert"):
        client.delete_alert(made)
    client.store.index().rebuild()
    assert client.get_alerts(critical_only=False) == []
    with Run(client.store) as again:
        again.reconnect(run.id)
        assert again.create_user_alert(name="mine") == made
    assert client.get_run("hot").alerts == {"mine": "None"}


def test_events_come_by_time_and_as_many_as_are_asked_for(client):
    with Run(client.store) as run:
        run.init("talks")
        run.log_event("converged: late", "warning", timestamp=2e9)
        for number in range(3):
            run.log_event(f"step {number}", timestamp=1e9 + number)
    told = client.get_events("talks")
    assert [event["message"] for event in told] == [
        "step 0", "step 1", "step 2", "converged: late",
    ]  # fmt: skip
    assert told[-1]["level"] == "warning"
    part = client.get_events("talks", message_contains="step", start_index=1, count_limit=1)
    assert [event["message"] for event in part] == ["step 1"]
    with pytest.raises(UserError, match="a message contains a text"):
        client.get_events("talks", message_contains=3)


def test_what_is_deleted_can_be_brought_back(client, workspace, record):
    for name, folder in [("a", "/x"), ("b", "/x"), ("c", "/x/y"), ("d", "/z")]:
        record(name, folder=folder)
    known = ids(client)
    client.delete_run("d")
    assert set(ids(client)) == {"a", "b", "c"}
    assert set(client.delete_runs("/x")) == {known["a"], known["b"]}
    assert set(ids(client)) == {"c"}
    assert [path for path, _ in client.get_folders()] == ["/", "/x", "/x/y"]
    undelete(workspace, plan_return(workspace, ["a", "b", "d"]))
    assert ids(client) == known


def test_a_folder_goes_with_its_runs_and_not_otherwise(client, record):
    for name, folder in [("a", "/x"), ("b", "/x/y")]:
        record(name, folder=folder)
    with pytest.raises(UserError, match=r"1 run is in folders below '/x'\s.*recursive=True"):
        client.delete_folder("/x", remove_runs=True)
    with pytest.raises(UserError, match="1 run is in '/x/y', and"):
        client.delete_folder("/x/y")
    with pytest.raises(UserError, match="remove_runs=True"):
        client.delete_folder("/x", recursive=True)
    known = ids(client)
    assert len(known) == 2
    gone = client.delete_folder("/x", recursive=True, remove_runs=True)
    assert set(gone) == set(known.values())
    assert [path for path, _ in client.get_folders()] == ["/"]
    with pytest.raises(UserError, match="no run is in the folder"):
        client.delete_folder("/x")
    assert client.delete_folder("/x", allow_missing=True) == []


def test_a_running_run_stays_and_so_do_the_others_of_its_folder(client, record):
    record("done", folder="/x")
    with Run(client.store) as run:
        run.init("live", folder="/x")
        for refused in (lambda: client.delete_run("live"), lambda: client.delete_runs("/x")):
            with pytest.raises(UserError, match="still running"):
                refused()
        assert set(ids(client)) == {"done", "live"}


def test_artifacts_are_sorted_as_asked(client):
    with Run(client.store) as run:
        run.init("saves")
        for name, text in [("b", "long text"), ("a", "longer text"), ("c", "x")]:
            run.save_object(text, name=name)
    names = [item.name for item in client.list_artifacts("saves")]
    assert names == ["b", "a", "c"]
    by_size = client.list_artifacts("saves", sort_by_columns=[("size", True)])
    assert [item.name for item in by_size] == ["a", "b", "c"]
    by_name = client.list_artifacts("saves", "output", sort_by_columns=[("name", False)])
    assert [item.name for item in by_name] == ["a", "b", "c"]
