"""What outputs of records hold, and where it can be read."""

import hashlib
import pickle

import numpy as np
import pytest

from whence.base.error import StoreError, UserError
from whence.records import RecordStoreView
from whence.runs import Run


@pytest.fixture
def record(store, tmp_path):
    np.save(tmp_path / "velocity.npy", np.arange(3.0))
    (tmp_path / "energy.csv").write_text("1,2\n")
    with Run(store) as run:
        run.init("r")
        run.save_file("velocity.npy")
        run.save_file("energy.csv")
        run.save_object({"a": (1, 2)}, name="values")
    (one,) = RecordStoreView(store)
    return one


def test_an_output_is_read_by_its_name_or_a_part_of_its_path(record):
    assert record.get_output("velocity.npy").tolist() == [0, 1, 2]
    assert record.get_output("veloc").tolist() == [0, 1, 2]
    assert record.get_output("values") == {"a": (1, 2)}
    assert record.get_output("energy", bytes) == b"1,2\n"
    assert record.get_output("velocity.npy", [dict, np.ndarray]).shape == (3,)
    with pytest.raises(UserError, match="3 outputs"):
        record.get_output()
    with pytest.raises(UserError, match="no output 'velocty"):
        record.get_output("velocty.npy")
    with pytest.raises(UserError, match="holds a ndarray, and none of dict, str"):
        record.get_output("velocity.npy", (dict, str))


def test_the_name_of_a_file_comes_before_what_paths_hold(store, tmp_path):
    folder = tmp_path / "melts"
    folder.mkdir()
    with Run(store) as run:
        run.init("r")
        for name in ("m.npy", "mean.npy", "x.npy", "x.csv"):
            np.savetxt(folder / name, [1.0]) if name == "x.csv" else np.save(folder / name, [name])
            run.save_file(folder / name)
    (record,) = RecordStoreView(store)
    assert record.get_output("m").tolist() == ["m.npy"]
    assert record.get_output("mean").tolist() == ["mean.npy"]
    assert record.get_output("x.npy").tolist() == ["x.npy"]
    with pytest.raises(UserError, match="2 outputs"):
        record.get_output("x")
    with pytest.raises(UserError, match="4 outputs"):
        record.get_output("melt")


def test_a_model_validates_what_was_read(record):
    pydantic = pytest.importorskip("pydantic", reason="pip install pydantic")

    class Values(pydantic.BaseModel):
        a: tuple[int, int]

    assert record.get_output("values", Values).a == (1, 2)


def test_results_lie_where_they_lay_or_in_the_store(record, tmp_path):
    assert str(tmp_path / "velocity.npy") in record.resultpaths
    (tmp_path / "velocity.npy").write_bytes(b"other")
    assert str(tmp_path / "velocity.npy") not in record.resultpaths
    assert record.get_output("velocity.npy").tolist() == [0, 1, 2]


class Own:
    pass


def test_nothing_is_unpickled(store):
    with Run(store) as run:
        run.init("r")
        run.save_object(Own(), name="own", allow_pickle=True)
    (record,) = RecordStoreView(store)
    assert record.get_output("own", bytes)[:1] == pickle.PROTO
    with pytest.raises(UserError, match="pickled"):
        record.get_output("own")


def test_what_is_only_referred_to_must_be_as_it_was(store, run, tmp_path):
    text = b'{"x": 1}'
    (tmp_path / "result.json").write_bytes(text)
    name = run(0)
    for kind, digest in (
        ("result.json", f"sha1:{hashlib.sha1(text).hexdigest()}"),
        ("gone.json", "sha1:" + "0" * 40),
    ):
        store.writer().append(
            "artifact",
            name,
            {"name": kind, "category": "output", "type": "application/json", "digest": digest,
             "size": len(text), "kept": "reference", "path": kind},
        )  # fmt: skip
    (record,) = RecordStoreView(store)
    assert record.get_output("result") == {"x": 1}
    assert record.resultpaths == (str(tmp_path / "result.json"),)
    with pytest.raises(StoreError, match="not in the store"):
        record.get_output("gone")
    (tmp_path / "result.json").write_bytes(b'{"x": 2}')
    with pytest.raises(StoreError, match="another one by now"):
        record.get_output("result")
