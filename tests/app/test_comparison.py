"""The parameters of many runs in one table."""

import csv
import io

import pytest

from whence.app import compare_runs
from whence.base.error import UserError
from whence.records.comparison import Mark


@pytest.fixture
def runs(record):
    sets = [
        {"model": {"mu": 1, "n": 5}, "seed": 1},
        {"model": {"mu": 2, "n": 5}, "seed": 1, "tol": 1e-3},
        {"model": {"mu": 2, "n": 5}, "seed": 1, "a,b": 'say "x"'},
    ]
    return [record(f"r{i}", one, tags=[f"t{i}"]) for i, one in enumerate(sets)]


def test_columns_that_differ_up_to_a_depth(workspace, runs):
    one = compare_runs(workspace)
    assert [record.id for record in one.records] == runs[::-1]
    assert set(one.columns) == {"model", "tol", '"a,b"'}
    two = compare_runs(workspace, depth=2)
    assert set(two.columns) == {"model.mu", "tol", '"a,b"'}
    assert two.total == 3


def test_runs_by_name_by_filter_and_both(workspace, runs):
    named = compare_runs(workspace, ["r0", "r2"], depth=2)
    assert [record.name for record in named.records] == ["r0", "r2"]
    assert named.rows[0][named.columns.index("model.mu")] == 1
    fitting = compare_runs(workspace, ["params.model.mu == 2"])
    assert {record.name for record in fitting.records} == {"r1", "r2"}
    both = compare_runs(workspace, ["r0", "r1", "params.model.mu == 2"])
    assert [record.name for record in both.records] == ["r1"]
    assert both.columns == ()
    assert [r.name for r in compare_runs(workspace, ["has tag.t1"]).records] == ["r1"]


def test_as_csv_and_json(workspace, runs):
    found = compare_runs(workspace, ["r0", "r1", "r2"], depth=1)
    rows = list(csv.DictReader(io.StringIO(found.as_csv())))
    assert [row["name"] for row in rows] == ["r0", "r1", "r2"]
    assert [row["tol"] for row in rows] == ["", "0.001", ""]
    assert rows[2]['"a,b"'] == 'say "x"'
    told = found.as_dict()
    assert told["runs"][0]["values"] == {}
    assert told["runs"][0]["folded"] == ["model"]
    assert told["runs"][1]["values"] == {"tol": 0.001}


def test_a_limit_leaves_the_others_out(workspace, runs):
    found = compare_runs(workspace, limit=2)
    assert (len(found.records), found.total) == (2, 3)


@pytest.mark.parametrize("words", [["params.seed > 7"], ["has tag.nowhere"]])
def test_what_fits_nothing_is_told(workspace, runs, words):
    with pytest.raises(UserError, match="no run fits"):
        compare_runs(workspace, words)


def test_what_is_no_filter_is_told(workspace, runs):
    with pytest.raises(UserError):
        compare_runs(workspace, ["params.seed >> 7"])
    with pytest.raises(UserError, match="several runs"):
        compare_runs(workspace, [runs[0][:8]])


def test_a_value_beside_a_mapping_is_compared_as_deep_as_the_mapping(workspace, record):
    record("a", {"T": {"from": {"low": 1}}})
    record("b", {"T": 3.5})
    found = compare_runs(workspace, ["a", "b"], depth=None)
    assert (found.columns, found.depth) == (("T", "T.from.low"), 3)
    assert found.rows[1] == (3.5, Mark.ABSENT)
    assert found.rows[0] == (Mark.FOLDED, 1)
