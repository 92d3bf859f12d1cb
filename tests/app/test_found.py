"""The runs that the client finds: by filters, in one query, as much of each as is asked for."""

import pytest

import whence
from whence.base.error import UserError
from whence.store import Store


@pytest.fixture
def client(tmp_path, monkeypatch):
    monkeypatch.setenv("WHENCE_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    store = Store.create(tmp_path)
    for number in range(5):
        with whence.Run(store) as run:
            run.init(f"n{number}", metadata={"x": number}, tags=["melt"] if number % 2 else [],
                     params={"T": number}, folder="/a")  # fmt: skip
            run.log_metrics({"loss": 0.5})
            run.log_metrics({"loss": 0.25})
    yield whence.Client()
    store.writer().close()


def test_objects_are_ids_and_records(client):
    found = dict(client.get_runs(["metadata.x > 1", "has tag.melt"]))
    assert [record.name for record in found.values()] == ["n3"]
    assert list(found) == [record.id for record in found.values()]
    assert len(dict(client.get_runs())) == 5


def test_plain_data(client):
    told = client.get_runs("T >= 3", output_format="dict", metadata=True, metrics=True,
                           timing_info=True, system_info=True, alerts=True)  # fmt: skip
    assert [one["name"] for one in told] == ["n4", "n3"]
    first = told[0]
    assert first["metadata"] == {"x": 4}
    assert first["parameters"] == {"T": 4}
    assert first["metrics"]["loss"]["count"] == 2
    assert first["metrics"]["loss"]["last"] == 0.25
    assert first["duration"] >= 0
    assert first["system"]["host"]
    assert first["tags"] == []
    few = client.get_runs("T == 3", output_format="dict", attributes=["name", "status"])
    assert [sorted(one) for one in few] == [["id", "name", "status"]]


def test_frames_and_order(client):
    order = [("metadata.x", True)]
    frame = client.get_runs(output_format="dataframe", metadata=True, sort_by_columns=order,
                            count_limit=2, start_index=1)  # fmt: skip
    assert list(frame["metadata.x"]) == [3, 2]
    assert list(frame["name"]) == ["n3", "n2"]
    (record,) = (run for _, run in client.get_runs("name == n3"))
    assert frame["created"].dt.tz is not None
    assert frame["created"][0].timestamp() == pytest.approx(record.created, abs=1e-6)


def test_a_run_that_has_not_ended_has_no_time_of_its_end(client):
    store = Store.open(client.store.root)
    store.writer().append("set", "20231114T000000abcdefg", {"f": {"name": "new", "created": 1e9}})
    frame = client.get_runs(output_format="dataframe", timing_info=True)
    assert frame["ended"].notna().sum() == 5
    assert frame["ended"].isna().sum() == 1
    assert frame["ended"].dt.tz is not None
    store.writer().close()


def test_a_client_tells_its_store_and_names_that_are_nearly_what_was_asked_for(client, tmp_path):
    assert repr(client) == f"<Client of {tmp_path / '.whence'}>"
    for ask in (client.get_run, client.get_run_id_from_name):
        with pytest.raises(UserError, match=r"Did you mean 'n4'\?"):
            ask("n44")
    with pytest.raises(UserError, match=r"metadata\.loss") as refused:
        list(client.get_runs(["metrics.loss < 1"]))
    assert refused.value.problems[0].code == "no-index-of-metrics"


def test_names(client):
    run = client.get_run_id_from_name("n2")
    assert client.get_run_name_from_id(run) == "n2"
    assert client.get_run(run).parameters == {"T": 2}
    with pytest.raises(UserError, match="no run is called 'n9'"):
        client.get_run_id_from_name("n9")
    with whence.Run(client.store) as other:
        other.init("n2")
    with pytest.raises(UserError, match="several runs are called 'n2'"):
        client.get_run_id_from_name("n2")


@pytest.mark.parametrize("name", ["'q'", " led by a blank", "a\nb", "~ x", "x and y == 1"])
def test_names_with_anything_in_them(client, name):
    with whence.Run(client.store) as run:
        run.init("another")
    with whence.Run(client.store) as run:
        run.init("named")
        client.store.writer().append("set", run.id, {"f": {"name": name}})
    assert client.get_run_id_from_name(name) == run.id


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda c: c.get_runs(output_format="table"), "cannot be given as 'table'"),
        (lambda c: c.get_runs(attributes=["stauts"]), "Did you mean 'status'"),
        (lambda c: c.get_runs(attributes=["as_dict"]), "have no attribute 'as_dict'"),
        (lambda c: c.get_runs(start_index=-1), "a whole number from 0 up"),
        (lambda c: c.get_runs(count_limit=-1), "count_limit is a whole number from 0 up"),
        (lambda c: c.get_runs(count_limit="3"), "count_limit is a whole number from 0 up"),
        (lambda c: c.get_runs(sort_by_columns=["name"]), "Give pairs of a column"),
        (lambda c: c.get_runs(["x y z"]), "'x y z' is not a filter"),
        (lambda c: c.get_runs(sort_by_columns=[("nothing", False)]), "no record has a 'nothing'"),
    ],
)
def test_mistakes(client, call, message):
    with pytest.raises(UserError) as caught:
        call(client)
    assert message in str(caught.value)


def test_the_columns_of_simvue_are_known_by_their_names(client):
    wanted = ["endtime", "runtime", "modified"]
    (told,) = client.get_runs("T == 3", output_format="dict", attributes=wanted)
    (record,) = (run for _, run in client.get_runs("T == 3"))
    assert told == {
        "id": record.id, "endtime": record.ended, "runtime": record.duration,
        "modified": record.state["last"],
    }  # fmt: skip
    for column in wanted:
        names = [run.name for _, run in client.get_runs(sort_by_columns=[(column, False)])]
        assert sorted(names) == [f"n{number}" for number in range(5)]
    assert names == [f"n{number}" for number in range(5)]
    frame = client.get_runs(output_format="dataframe", attributes=wanted, start_index=None)
    assert frame["endtime"].dt.tz is not None
