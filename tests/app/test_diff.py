"""In what two runs differ."""

import json

import h5py
import numpy as np
import pytest

from whence.app import diff_runs
from whence.base.error import UserError
from whence.runs import Origin, Run


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.fixture
def two(workspace, project, record):
    """Two runs of one model with other parameters, inputs and outputs."""
    for side, rate, size in (("a", 1, 3), ("b", 1.0, 4)):
        folder = project / side
        files = [
            ("code", write(folder / "model.py", f"rate = 1\nside = {side!r}\n")),
            ("input", write(folder / "in.yml", f"rate: {rate}\nsame: yes\n")),
            ("input", write(folder / "same.txt", "the same")),
            ("output", write(folder / f"only_{side}.log", side)),
        ]
        np.save(folder / "x.npy", np.arange(6.0) + (side == "b") * np.eye(6)[5] / 2)
        with h5py.File(folder / "data.h5", "w") as file:
            file["walk"] = np.zeros(size)
        files += [("output", folder / "x.npy"), ("output", folder / "data.h5")]
        parameters = {"model": {"rate": rate, "n": 5}, side: None}
        record(f"run {side}", parameters, files, tags=[side], metadata={"note": side})
    return diff_runs(workspace, "run a", "run b")


def test_parameters_are_told_by_key_and_type(two):
    told = {change.key: (change.left, change.right) for change in two.records.parameters}
    assert told == {"model.rate": (1, 1.0), "a": (None, "–"), "b": ("–", None)}
    assert type(told["model.rate"][1]) is float
    assert two.records.parameters_same == 1
    assert not two.agrees


def test_code_is_told_line_by_line(two):
    (file,) = two.code.changed
    assert file.text == (
        "--- a/model.py", "+++ b/model.py", "@@ -1,2 +1,2 @@",
        " rate = 1", "-side = 'a'", "+side = 'b'",
    )  # fmt: skip


def test_inputs_and_outputs_by_name_text_and_numbers(two):
    (file,) = two.inputs.changed
    assert file.pair.name == "in.yml"
    assert "-rate: 1" in file.text
    assert two.inputs.same == 1
    outputs = {file.pair.name: file for file in two.outputs.changed}
    assert set(outputs) == {"only_a.log", "only_b.log", "x.npy", "data.h5"}
    assert outputs["only_a.log"].pair.right is None
    (array,) = outputs["x.npy"].numbers.arrays
    assert (array.differing, array.values, array.largest, array.at) == (1, 6, 0.5, (5,))
    (dataset,) = outputs["data.h5"].numbers.arrays
    assert (dataset.left.shape, dataset.right.shape) == ((3,), (4,))


def test_facts_metadata_and_environment(two):
    assert {change.key for change in two.records.facts} == {"name", "tags"}
    assert [change.as_dict() for change in two.records.metadata] == [
        {"key": "note", "left": "a", "right": "b"}
    ]
    assert two.records.environment.same


def test_it_is_plain_json(two):
    told = json.loads(json.dumps(two.as_dict()))
    assert told["parameters"][1] == {"key": "a", "left": None}
    assert told["outputs"]["same"] == 0


def test_a_run_agrees_with_itself_and_with_its_like(workspace, record):
    nan = {"x": float("nan"), "s": {1, 2}, "deep": {"list": [1, (2, 3)]}}
    first, second = record("a", nan), record("b", nan)
    assert diff_runs(workspace, first, first).agrees
    found = diff_runs(workspace, first, second)
    assert found.agrees
    assert found.records.parameters_same == 3


def test_distributions_that_were_added_removed_or_changed(workspace):
    for name, versions in (("a", {"numpy": "1.26", "old": "1"}), ("b", {"numpy": "2.0", "n": "3"})):
        content = workspace.store.writer().put(
            json.dumps(
                {"python": "3.11", "executable": f"python{name}", "distributions": versions}
            ).encode()
        )
        with Run(workspace.store) as run:
            run.init(name)
            facts = {"f": {"environment": content.digest}}
            workspace.store.writer().append("set", run.id, facts)
    told = diff_runs(workspace, "a", "b").records.environment.as_dict()
    assert told == {
        "facts": [],
        "added": {"n": "3"},
        "removed": {"old": "1"},
        "changed": {"numpy": ["1.26", "2.0"]},
    }


def test_code_of_which_only_digests_are_known(workspace):
    for name, digest in (("a", "0" * 64), ("b", "1" * 64)):
        code = {"commit": digest[:40], "dirty": False, "files": {"m.py": digest, "same.py": "2"}}
        with Run(workspace.store) as run:
            run.init(name, origin=Origin(code=code))
    found = diff_runs(workspace, "a", "b")
    (file,) = found.code.changed
    assert (file.pair.name, file.text, found.code.same) == ("m.py", (), 1)
    assert "not at hand" in file.note
    assert [change.key for change in found.records.version] == ["commit"]


def test_a_referenced_output_that_is_gone_or_was_edited_is_told(workspace, project):
    for name in "ab":
        path = project / name / "big.npy"
        path.parent.mkdir()
        np.save(path, np.full(20_000, ord(name)))
        with Run(workspace.store) as run:
            run.init(name)
            run.save_file(path, mode="reference")
    (file,) = diff_runs(workspace, "a", "b").outputs.changed
    assert file.numbers.arrays[0].largest == 1.0
    np.save(project / "a/big.npy", np.zeros(20_000))
    (file,) = diff_runs(workspace, "a", "b").outputs.changed
    assert file.numbers is None
    assert "not at hand" in file.note


def test_what_is_no_run_is_told(workspace, record):
    record("a")
    with pytest.raises(UserError, match="no run fits 'nowhere'"):
        diff_runs(workspace, "a", "nowhere")
