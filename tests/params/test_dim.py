import copy
import math
import pickle

import numpy as np
import pytest

from whence.base.error import UserError
from whence.params import CoupledParamDim, ParamDim


def codes(**arguments):
    with pytest.raises(UserError) as caught:
        ParamDim(**arguments)
    return [problem.code for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("arguments", "values"),
    [
        ({"values": [1, "a", None]}, (1, "a", None)),
        ({"values": (x * x for x in (1, 2))}, (1, 4)),
        ({"values": np.array([0.5, 1.5])}, (0.5, 1.5)),
        ({"range": [2, 8, 3]}, (2, 5)),
        ({"linspace": [0, 1, 3]}, (0.0, 0.5, 1.0)),
        ({"linspace": [0, 1, 4, False]}, (0.0, 0.25, 0.5, 0.75)),
        ({"logspace": [0, 2, 3]}, (1.0, 10.0, 100.0)),
        ({"values": ["1", "2"], "as_type": "int"}, (1, 2)),
        ({"values": [[1, [2]], [3]], "as_type": "tuple"}, ((1, (2,)), (3,))),
        ({"values": [1, 1], "assert_unique": False}, (1, 1)),
    ],
)
def test_values_are_given_in_several_ways(arguments, values):
    dim = ParamDim(default=0, **arguments)
    assert dim.values == values
    assert list(map(type, dim.values)) == list(map(type, values))
    assert dim.coords == (dim.default, *values)
    assert dim.num_states == len(values) + 1


@pytest.mark.parametrize("given", [[0.1, 0.7, 13], [-3, 1e6, 101], [1, 2, 1], [5, 5, 4]])
def test_spaced_values_are_those_of_numpy(given):
    for kind in ("linspace", "logspace"):
        given = given if kind == "linspace" else [0, 3, given[2]]
        dim = ParamDim(default=0, **{kind: given}, assert_unique=False)
        assert dim.values == tuple(getattr(np, kind)(*given).tolist())


def test_the_default_is_converted_too():
    assert ParamDim(default="4", range=[2], as_type="float").default == 4.0


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"values": [1]}, "missing-default"),
        ({"default": 0}, "no-values"),
        ({"default": 0, "values": []}, "no-values"),
        ({"default": 0, "range": [0]}, "no-values"),
        ({"default": 0, "values": [1], "range": [2]}, "several-value-kinds"),
        ({"default": 0, "values": [1, 2, 1.0]}, "duplicate-values"),
        ({"default": 0, "values": [[1], [1]]}, "duplicate-values"),
        ({"default": 0, "values": "abc"}, "bad-value"),
        ({"default": 0, "values": {"a": 1}}, "bad-value"),
        ({"default": 0, "range": 10}, "bad-value"),
        ({"default": 0, "range": [1, 2, 3, 4]}, "bad-value"),
        ({"default": 0, "range": [0.5]}, "bad-value"),
        ({"default": 0, "range": [0, 5, 0]}, "bad-value"),
        ({"default": 0, "linspace": [0, "x", 3]}, "bad-value"),
        ({"default": 0, "linspace": [0, 1, -1]}, "bad-value"),
        ({"default": 0, "values": ["x"], "as_type": "int"}, "bad-value"),
        ({"default": 0, "values": [1], "as_type": "complex"}, "bad-value"),
        ({"default": 0, "values": [1], "order": "first"}, "bad-value"),
        ({"default": 0, "values": [1], "order": math.nan}, "bad-value"),
        ({"default": 0, "values": [1], "name": "a.b"}, "bad-value"),
        ({"default": 0, "values": [1, 2], "mask": [True]}, "bad-value"),
        ({"default": 0, "values": [1, 2], "mask": "all"}, "bad-value"),
    ],
)
def test_what_describes_no_dimension_is_refused(arguments, code):
    assert codes(**arguments) == [code]


def test_every_reason_is_told_at_once():
    assert codes(values=[1, 1], name="a.b", order="x") == [
        "missing-default",
        "bad-value",
        "bad-value",
        "duplicate-values",
    ]


def test_problems_name_the_key():
    with pytest.raises(UserError, match=r"the values need to be unique    \(values\)"):
        ParamDim(default=0, values=[1, 1])


@pytest.mark.parametrize(
    ("mask", "states"),
    [
        (False, (1, 2, 3)),
        (True, (0,)),
        (slice(1, None), (1,)),
        ([False, True, False], (1, 3)),
        (np.array([True, False, True]), (2,)),
    ],
)
def test_masked_values_keep_their_states(mask, states):
    dim = ParamDim(default=0, values=["a", "b", "c"], mask=mask)
    assert dim.active_states == states
    assert list(dim) == [dim.coords[state] for state in states]
    assert len(dim) == len(states)
    assert dim.masked(False).active_states == (1, 2, 3)


def test_dimensions_are_values():
    dim = ParamDim(default=0, values=[[1], [2]], order=math.inf, name="n", mask=[True, False])
    assert copy.deepcopy(dim) == dim == pickle.loads(pickle.dumps(dim))
    with pytest.raises(AttributeError):
        dim.default = 1
    coupled = CoupledParamDim(target_name="n")
    assert copy.deepcopy(coupled) == coupled == pickle.loads(pickle.dumps(coupled))


def test_a_coupled_dimension_takes_from_its_target_what_it_lacks():
    target = ParamDim(default=0, values=[1, 2])
    assert CoupledParamDim(target_name="t").coords(target) == (0, 1, 2)
    assert CoupledParamDim(target_pdim=target, default="d").coords(target) == ("d", 1, 2)
    assert CoupledParamDim(target_name=["a"], range=[5, 7]).coords(target) == (0, 5, 6)
    with pytest.raises(UserError, match="has 3 values, its target 2"):
        CoupledParamDim(target_name="t", range=[3]).coords(target)


@pytest.mark.parametrize(
    "arguments", [{}, {"target_name": ""}, {"target_name": []}, {"target_name": 3}]
)
def test_a_coupled_dimension_needs_a_target(arguments):
    with pytest.raises(UserError):
        CoupledParamDim(**arguments)


def test_a_range_takes_whole_numbers_and_says_so():
    with pytest.raises(UserError, match=r"whole numbers, not 0\.1; linspace and values take any"):
        ParamDim(default=1, range=[0, 1, 0.1])
