import math

import numpy as np

from whence.params import flatten, varied_and_constant


def test_leaves_have_dotted_names():
    params = {"a": {"b": {"c": 1}, "d": [1, {"e": 2}]}, "empty": {}, "none": None, 3: {4: 5}}
    assert flatten(params) == {
        "a.b.c": 1,
        "a.d": [1, {"e": 2}],
        "empty": {},
        "none": None,
        "[3][4]": 5,
    }


def test_no_two_leaves_share_a_name():
    params = {"a": {"b": 1, '"b': 2, "": 3}, "a.b": 4, "": 5}
    assert flatten(params) == {"a.b": 1, 'a."\\"b"': 2, 'a.""': 3, '"a.b"': 4, '""': 5}


def test_what_varies_and_what_does_not():
    runs = [
        {"seed": seed, "walk": {"size": size, "steps": 10}, "kind": kind}
        for seed, size, kind in [(3, 0.1, "b"), (1, 0.3, "a"), (2, 0.1, "b")]
    ]
    assert varied_and_constant(runs) == (
        {"seed": [1, 2, 3], "walk.size": [0.1, 0.3], "kind": ["b", "a"]},
        {"walk.steps": 10},
    )


def test_types_tell_values_apart_and_nan_is_itself():
    varied, constant = varied_and_constant(
        [
            {"a": 1, "n": math.nan, "l": [1, 2], "m": [math.nan], "x": np.array([1]), "z": 1},
            {"a": 1.0, "n": float("nan"), "l": (1, 2), "m": [math.nan], "x": np.array([1]), "z": 1},
            {"a": True, "n": math.nan, "l": [1, 2.0], "m": [math.nan], "x": np.array([1]), "z": 1},
        ]
    )
    assert list(map(type, varied.pop("a"))) == [int, float, bool]
    assert varied == {"l": [[1, 2], (1, 2), [1, 2.0]]}
    assert list(constant) == ["n", "m", "x", "z"]


def test_a_parameter_that_some_lack_varies():
    assert varied_and_constant([{"a": 1}, {"a": 1, "b": 2}]) == ({"b": [2]}, {"a": 1})
    assert varied_and_constant([{"a": 1, "b": 2}, {"a": 1}]) == ({"b": [2]}, {"a": 1})


def test_no_runs_and_one_run():
    assert varied_and_constant([]) == ({}, {})
    assert varied_and_constant(iter([{"a": {"b": 1}}])) == ({}, {"a.b": 1})


def test_ten_thousand_runs_are_compared_in_one_pass():
    runs = [
        {"a": i % 100, "b": {"c": i // 100, "d": [1, 2], **dict.fromkeys("efghij", 1.5)}}
        for i in range(10_000)
    ]
    varied, constant = varied_and_constant(runs)
    assert (len(varied), len(constant)) == (2, 7)
