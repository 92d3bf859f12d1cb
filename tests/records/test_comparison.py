"""Comparing parameters: the tables, their dtypes and their errors."""

import copy
import pickle
import tracemalloc
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from whence.base.error import UserError
from whence.records.comparison import Mark, ParameterComparison, dfdiff, same
from whence.records.record import Record
from whence.records.task_parameter import fold_task_inputs


def task(name, reason=None, digest=None, **inputs):
    noise = {"digest": digest, "hashed_digest": digest, "unhashed_digests": {}} if digest else {}
    said = {"reason": reason} if reason else {}
    return {"taskname": name, "module": "work", "inputs": {**inputs, **noise}, **said}


def chain(mu, digest="0" * 10, reason="why", **more):
    model = task("Model", digest=digest, params={"μtilde": mu, "σ": 1.0})
    optimizer = task("Optimizer", digest=digest, model=model, step=0.1)
    return task("Fit", digest=digest, reason=reason, optimizer=optimizer, **more)


def record(label, parameters, reason=None):
    return SimpleNamespace(id=label, label=label, parameters=parameters, reason=reason)


class TestDfdiff:
    def test_calls_of_the_seed_document(self):
        frame = dfdiff(chain([-3.47, -0.13]), chain([-3.47, -0.2], digest="1" * 10))
        assert list(frame.index) == [("inputs", "optimizer", "model", "params", "μtilde")]
        below = frame.sort_index().loc[("inputs", "optimizer", "model")]
        assert list(below.index) == [("params", "μtilde")]
        assert below.iloc[0].tolist() == [[-3.47, -0.13], [-3.47, -0.2]]

    def test_same_selection_where_the_optimizer_is_a_value(self):
        def parameters(mu):
            return task("Fit", optimizer={"model": {"mu": mu, "n": 3}, "step": 1})

        frame = dfdiff(parameters(1), parameters(2), name1="a", name2="b")
        assert frame.sort_index().loc[("inputs", "optimizer", "model")].to_dict() == {
            "a": {"mu": 1},
            "b": {"mu": 2},
        }

    def test_keys_of_unequal_depth_are_padded_and_integers_stay_integers(self):
        frame = dfdiff({"a": 1, "m": {"x": 1, "y": 5}}, {"a": 2, "m": {"x": 1.0}}, "one", "two")
        assert list(frame.index) == [("a", "–"), ("m", "x"), ("m", "y")]
        assert frame["one"].dtype == "int64"
        assert [type(cell) for cell in frame["two"]] == [int, float, str]
        assert frame["two"].tolist() == [2, 1.0, "–"]

    def test_a_value_here_and_keys_there(self):
        frame = dfdiff({"m": 3}, {"m": {"x": 1}})
        assert frame.values.tolist() == [[3, "<+>"], ["–", 1]]

    @pytest.mark.parametrize(
        ("ignore", "left"),
        [
            ("seed", [("m", "x", "–"), ("m", "deep", "x")]),
            (["x"], [("seed", "–", "–"), ("m", "deep", "seed")]),
            (["m"], [("seed",)]),
            (["m.*"], [("seed",)]),
            (["m.deep"], [("seed", "–"), ("m", "x")]),
            (["s*d"], [("m", "x", "–"), ("m", "deep", "x")]),
            ([], [("seed", "–", "–"), ("m", "x", "–"), ("m", "deep", "x"), ("m", "deep", "seed")]),
        ],
    )
    def test_ignore(self, ignore, left):
        first = {"seed": 1, "m": {"x": 1, "deep": {"x": 1, "seed": 2}}}
        second = {"seed": 2, "m": {"x": 2, "deep": {"x": 2, "seed": 3}}}
        index = dfdiff(first, second, ignore=ignore).index
        assert [key if isinstance(key, tuple) else (key,) for key in index] == left

    def test_names_of_tasks(self):
        first, second = {"m": task("A", x=1)}, {"m": task("B", x=2)}
        assert dfdiff(first, second).values.tolist() == [["work.A", "work.B"], [1, 2]]
        assert dfdiff(first, second, ignore="*@task").values.tolist() == [[1, 2]]
        made = [{"m": {**task("Create", x=1), "generator_name": name}} for name in "ab"]
        assert dfdiff(*made)["pset 2"].tolist() == ["work.Create(b)"]

    def test_nothing_differs(self):
        frame = dfdiff({"a": [1, float("nan")]}, {"a": [1, float("nan")]})
        assert frame.empty
        assert list(frame.columns) == ["pset 1", "pset 2"]

    def test_records_are_called_by_their_names_or_ids(self):
        one, two, three = (
            Record({"id": name * 22, "name": {"a": "one"}.get(name, "two"), "params": {"x": name}})
            for name in "abc"
        )
        assert list(dfdiff(one, two).columns) == ["one", "two"]
        assert list(dfdiff(two, three).columns) == ["b" * 22, "c" * 22]
        assert list(dfdiff(one, {"x": 1}).columns) == ["one", "pset 2"]
        assert list(dfdiff(one, two, "left").columns) == ["left", "two"]

    def test_records_and_json(self):
        one = Record({"id": "r1", "params": {"a": {"$tuple": [1, 2]}}})
        assert dfdiff(one, '{"a": [1, 2]}').values.tolist() == [[(1, 2), [1, 2]]]

    def test_something_else(self):
        with pytest.raises(UserError, match=r"number 2 of what is compared .* int"):
            dfdiff({}, 3)


class TestTable:
    def test_columns_go_depth_first_in_the_order_of_the_first_record_that_has_them(self):
        first = {"z": {"b": 1}, "a": 1}
        second = {"a": 2, "z": {"c": 1, "b": 2}}
        columns, rows = ParameterComparison([first, second]).table(depth=2)
        assert columns == ("z.b", "z.c", "a")
        assert rows == [(1, "–", 1), (2, 1, 2)]

    def test_constant_columns_and_those_with_a_common_beginning(self):
        params = [{"ab": {"c": 1}, "a": {"x": 1, "c": 0}}, {"ab": {"c": 2}, "a": {"x": 2, "c": 0}}]
        assert ParameterComparison(params).table(depth=2)[0] == ("ab.c", "a.x")
        assert ParameterComparison(params).table()[0] == ("ab", "a")

    def test_a_value_in_one_record_and_a_task_in_another(self):
        value = {"model": {"mu": 1, "n": 5}, "seed": 3}
        computed = {"model": task("Model", digest="a" * 10, mu=2, n=5), "seed": 3}
        number = {"model": 7, "seed": 3}
        columns, rows = ParameterComparison([value, computed]).table(depth=2)
        assert columns == ("model@task", "model.mu")
        assert rows == [("–", 1), ("work.Model", 2)]
        columns, rows = ParameterComparison([value, computed, number]).table(depth=2)
        assert columns == ("model", "model@task", "model.mu", "model.n")
        assert rows[1:] == [("<+>", "work.Model", 2, 5), (7, "–", "–", "–")]

    def test_tasks_in_lists_differ_by_their_inputs_only(self):
        def parameters(digest, mu):
            return {"models": [task("Model", digest=digest, mu=mu)]}

        assert ParameterComparison([parameters("a", 1), parameters("b", 1)]).table() == (
            (),
            [(), ()],
        )
        _, rows = ParameterComparison([parameters("a", 1), parameters("a", 2)]).table()
        assert rows == [([{"mu": 1}],), ([{"mu": 2}],)]

    def test_different_tasks(self):
        columns, rows = ParameterComparison([task("A", x=1), task("B", x=1)]).table()
        assert (columns, rows) == (("@task",), [("work.A",), ("work.B",)])
        columns, _ = ParameterComparison([{"m": task("A", x=1)}, {"m": task("B", x=1)}]).table()
        assert columns == ("m@task",)

    def test_an_input_called_digest_is_a_parameter(self):
        columns, _ = ParameterComparison([task("A", digest_=1), task("A", digest_=2)]).table()
        assert columns == ("digest_",)
        described = [{**task("A"), "inputs": {"digest": text}} for text in "ab"]
        assert ParameterComparison(described).table()[0] == ("digest",)

    def test_what_looks_like_a_task_but_has_more_keys_keeps_them(self):
        params = [{"a": {**task("A", x=1), "seed": seed}} for seed in (1, 2)]
        assert ParameterComparison(params).table(depth=2)[0] == ("a.seed",)

    def test_reason_is_shown_only_where_there_is_one_and_hides_no_parameter(self):
        silent = ParameterComparison([record("r1", {"a": 1}), record("r2", {"a": 2})])
        assert silent.table()[0] == ("a",)
        params = [record("r1", {"reason": 1}, reason="x"), record("r2", {"reason": 2})]
        assert ParameterComparison(params).table() == (
            ('"reason"', "reason"),
            [(1, "x"), (2, Mark.ABSENT)],
        )


class TestDataFrame:
    def test_calls_of_the_seed_document(self):
        records = [
            record("r1", chain([1.0, 2.0]), reason=("first", "try")),
            record("r2", chain([1.0, 3.0], digest="1" * 10)),
        ]
        comparison = ParameterComparison(records)
        frame = comparison.dataframe()
        assert list(frame.index) == ["r1", "r2"]
        assert frame["optimizer"].tolist() == ["<+>", "<+>"]
        assert frame["reason"].tolist() == ["first\ntry", "why"]
        assert list(comparison.dataframe(depth=2).drop(columns=["reason"])) == ["optimizer.model"]
        (cells,) = comparison.dataframe(depth=4).drop(columns=["reason"]).to_numpy().T
        assert cells.tolist() == [[1.0, 2.0], [1.0, 3.0]]

        folded = ParameterComparison(
            params=[fold_task_inputs(each.parameters) for each in records],
            labels=[each.label for each in records],
        )
        assert folded.dataframe(depth=1).to_dict() == {"optimizer": {"r1": "<+>", "r2": "<+>"}}

    @pytest.mark.parametrize(
        ("cells", "dtype"),
        [
            ([1, 2], "int64"),
            ([1.0, 2.0], "float64"),
            ([True, False], "bool"),
            ([1, 2.0], "object"),
            ([1, True], "object"),
            ([2**70, 2], "object"),
            (["a", "b"], "object"),
            ([[1, 2], [3, 4]], "object"),
            ([None, 1], "object"),
            ([np.float32(1), np.float32(2)], "object"),
            ([np.arange(2), np.arange(3)], "object"),
        ],
    )
    def test_dtypes(self, cells, dtype):
        frame = ParameterComparison([{"a": cell} for cell in cells]).dataframe()
        assert frame["a"].dtype == dtype
        assert all(type(a) is type(b) for a, b in zip(frame["a"].tolist(), cells, strict=True))

    def test_absence_keeps_the_type_of_the_others(self):
        frame = ParameterComparison([{"a": 1}, {}, {"a": 3}]).dataframe()
        assert [type(cell) for cell in frame["a"]] == [int, str, int]

    def test_display_is_capped_and_pandas_left_alone(self):
        params = [{f"p{i}": row for i in range(30)} for row in (1, 2)]
        before = pd.get_option("display.max_columns")
        frame = ParameterComparison(params).dataframe(maxcols=4)
        assert frame.shape == (2, 30)
        assert frame._repr_html_().count("<th></th>") == 1
        assert "p0" in frame._repr_html_()
        assert "p9" not in frame._repr_html_()
        assert "p9" not in repr(frame)
        assert "p9" not in frame.drop(columns=["p0"])._repr_html_()
        assert "p9" in ParameterComparison(params)._repr_html_()
        few = [{"model": {"mu": row, "deep": {"n": row}}} for row in (1, 2)]
        assert "model.deep.n" in ParameterComparison(few)._repr_html_()
        many = [{"model": {f"p{i}": row for i in range(30)}} for row in (1, 2)]
        assert "&lt;+&gt;" in ParameterComparison(many)._repr_html_()
        assert pd.get_option("display.max_columns") == before
        pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(frame)), frame)

    def test_labels(self):
        mixed = [record("r1", {}), {"a": 1}, {"a": 2}]
        assert ParameterComparison(mixed).labels == ("r1", "pset 2", "pset 3")
        assert ParameterComparison(mixed, labels=["x", "y"]).labels == ("r1", "x", "y")
        assert ParameterComparison(mixed, labels=[1, 2, 3]).labels == (1, 2, 3)
        with pytest.raises(UserError, match=r"1 labels for 3(?s:.*)or 2 for those"):
            ParameterComparison(mixed, labels=["x"])

    def test_records_from_a_consumable_iterable(self):
        records = (Record({"id": f"r{i}", "params": {"a": i}}) for i in range(3))
        comparison = ParameterComparison(records)
        assert comparison.labels == ("r0", "r1", "r2")
        assert repr(comparison) == "<ParameterComparison of 3 parameter sets: 1 keys differ>"


class TestOddParameters:
    def test_keys_that_need_brackets(self):
        params = [{"x.y": 1, "x": {"y": 1}, 1: {"": 1}}, {"x.y": 2, "x": {"y": 2}, 1: {"": 2}}]
        assert ParameterComparison(params).table(depth=2)[0] == ('"x.y"', "x.y", '[1].""')

    def test_numbers_differ_by_type(self):
        params = [{"a": 1}, {"a": 1.0}, {"a": True}]
        _, rows = ParameterComparison(params).table()
        assert [type(row[0]) for row in rows] == [int, float, bool]

    @pytest.mark.parametrize("params", [[], [{"a": {"b": 1}}], [{}, {}]])
    def test_nothing_to_compare(self, params):
        comparison = ParameterComparison(params)
        assert comparison.table() == ((), [()] * len(params))
        assert comparison.dataframe().shape == (len(params), 0)

    @pytest.mark.parametrize("params", [{"a": 1}, "text", 3, None, [3], ["text"], [None], [{}, []]])
    def test_something_else(self, params):
        with pytest.raises(UserError):
            ParameterComparison(params)

    @pytest.mark.parametrize("depth", [0, -1, 1.5, None, "2"])
    def test_bad_depth(self, depth):
        with pytest.raises(UserError, match="depth"):
            ParameterComparison([{}]).table(depth=depth)

    def test_parameters_without_a_bottom(self):
        endless = {}
        endless["again"] = endless
        with pytest.raises(UserError, match="contain themselves"):
            ParameterComparison([endless])
        rings = [[], []]
        for ring in rings:
            ring.append(ring)
        with pytest.raises(UserError, match="contain themselves"):
            ParameterComparison([{"a": ring} for ring in rings])

    def test_fifty_levels(self):
        def nested(leaf):
            for _ in range(50):
                leaf = {"k": leaf}
            return leaf

        comparison = ParameterComparison([nested(1), nested(2)])
        assert comparison.table(depth=50) == ((".".join("k" * 50),), [(1,), (2,)])
        assert comparison.table(depth=49)[1] == [("<+>",), ("<+>",)]

    def test_memory_is_linear(self):
        def peak(records):
            params = [{f"p{i}": row % (i + 1) for i in range(50)} for row in range(records)]
            tracemalloc.start()
            ParameterComparison(params).table()
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            return peak

        assert peak(1000) <= 12 * peak(100)


class Opaque:
    """Something that has no digest and is equal to nothing but itself."""


opaque = Opaque()


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (1, 1, True),
        (1, 1.0, False),
        (1, True, False),
        (0.0, -0.0, False),
        (float("nan"), float("nan"), True),
        (1.5, np.float64(1.5), True),
        (1.5, np.float32(1.5), False),
        ([1, 2], (1, 2), False),
        ([1, float("nan")], [1, float("nan")], True),
        (np.arange(3), np.arange(3), True),
        (np.arange(3), np.array([0, 1, 3]), False),
        (np.arange(3), np.arange(3.0), False),
        (np.array([np.nan]), np.array([np.nan]), True),
        (np.zeros((2, 3)), np.zeros((3, 2)), False),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        (opaque, opaque, True),
        (opaque, Opaque(), False),
        ([1, opaque], [1, opaque], True),
        ([1, opaque], [2, opaque], False),
        ([{"k": opaque}], [{"k": opaque}], True),
        (np.array([1, None]), np.array([1, None]), True),
        (np.array([1, None]), np.array([2, None]), False),
    ],
)
def test_same(left, right, expected):
    assert same(left, copy.copy(right) if isinstance(right, list) else right) is expected
    assert same(right, left) is expected
