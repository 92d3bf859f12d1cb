import math

import pytest

from whence.base import yaml
from whence.base.error import UserError
from whence.params import ParamDim, ParamSpace, yaml_tags


def value_of(text):
    return yaml.parse(text, file="space.yml", tags=yaml_tags()).value


def refused(text):
    with pytest.raises(UserError) as caught:
        value_of(text)
    return caught.value.problems


def test_a_space_file_is_read_as_users_write_it():
    space = value_of(
        """\
parameter_space: !pspace
  seed: !pdim
    default: 42
    range: [10]
  random_walk:
    initial_state: 0.
    max_step_size: !pdim
      default: 1.
      values: [.1, .3, 1.]
"""
    )["parameter_space"]
    assert space.shape == (3, 10)
    assert [p.state_no for p in space.points()][:2] == [12, 13]


def test_tags_differ_in_the_order_they_give():
    value = value_of(
        "!pspace {a: !pdim {default: 0, range: [1]}, b: !sweep {default: 0, range: [1]}, "
        "c: !pdim {default: 0, range: [1], order: -1}}"
    )
    assert list(value.dims) == ["c", "b", "a"]
    assert value.dims["a"].order == math.inf
    assert yaml.dump(value).startswith("!pspace\na: !sweep\n  default: 0\n")
    assert "order: .inf" in yaml.dump(value)


def test_sorted_and_unsorted_spaces():
    assert list(value_of("!pspace {b: 1, a: {d: 1, c: 2}}").default["a"]) == ["c", "d"]
    assert list(value_of("!pspace-unsorted {b: 1, a: 2}").default) == ["b", "a"]


def test_defaults_can_be_asked_for():
    value = value_of(
        "a: !sweep-default {default: 3, range: [4]}\nb: !pdim-default {default: 4, range: [4]}\n"
        "c: !coupled-sweep-default {default: 5, target_name: x}\n"
        "d: !coupled-pdim-default {default: 6, target_name: x}\n"
    )
    assert value == {"a": 3, "b": 4, "c": 5, "d": 6}
    assert refused("!coupled-pdim-default {target_name: x}")[0].code == "missing-default"


def test_coupled_dimensions():
    space = value_of(
        "!pspace {x: !sweep {default: 0, range: [2]}, y: !coupled-sweep {target_name: x}, "
        "z: !coupled-pdim {target_name: [x], values: [5, 6], as_type: str}}"
    )
    assert list(space.iterator()) == [{"x": 0, "y": 0, "z": "5"}, {"x": 1, "y": 1, "z": "6"}]


def test_problems_have_their_places():
    problems = refused(
        """\
a: !pspace
  x: !pdim {default: 1, rnage: [3]}
  y: !sweep
    values: [1, 1]
  c: !coupled-sweep {target_name: x, mask: true}
b: !pspace
  u: !sweep {default: 0, range: [2]}
  v: !coupled-sweep {target_name: w}
c: !pspace [1]
d: !sweep 3
"""
    )
    assert [(str(p.where), p.where.dotted, p.code) for p in problems] == [
        ("space.yml:2:25", "a.x.rnage", "unknown-key"),
        ("space.yml:3:6", "a.y", "missing-default"),
        ("space.yml:4:13", "a.y.values", "duplicate-values"),
        ("space.yml:5:38", "a.c.mask", "unknown-key"),
        ("space.yml:8:6", "b.v", "unknown-dimension"),
        ("space.yml:9:4", "c", "bad-space"),
        ("space.yml:10:4", "d", "bad-dimension"),
    ]
    assert str(problems[0]) == (
        "space.yml:2:25: a parameter dimension has no 'rnage'    (a.x.rnage)\n"
        "     2 |   x: !pdim {default: 1, rnage: [3]}\n"
        "       |                         ^^^^^\n"
        "  Did you mean 'range' or 'name'?"
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("!range [2, 8, 3]", [2, 5]),
        ("!linspace [0, 1, 3]", [0.0, 0.5, 1.0]),
        ("!arange [0, 1, 0.25]", [0.0, 0.25, 0.5, 0.75]),
        ("!arange [3]", [0, 1, 2]),
        ("!listgen [1, 4]", [1, 2, 3]),
        ("!listgen {from_range: [5], append: [2, 9], unique: true, remove: [0]}", [1, 2, 3, 4, 9]),
        ("!listgen {from_range: [3], append: [-1], sort: false}", [0, 1, 2, -1]),
        ("!slice [1, 2]", slice(1, 2)),
        ("!slice 3", slice(3)),
        ("!slice [~, ~, 2]", slice(None, None, 2)),
        ("!sum [1, 2, 3.5]", 6.5),
        ("!min [3, 1]", 1),
        ("!max [3, 1]", 3),
        ("!add [1, 2]", 3),
        ("!sub [1, 2]", -1),
        ("!mul [3, 2.5]", 7.5),
        ("!truediv [3, 2]", 1.5),
        ("!mul [!add [1, 2], 2]", 6),
        ('!format ["{} of {1:.2f}", 1, 2]', None),
        ('!format ["{0} of {1:.2f}", 1, 2]', "1 of 2.00"),
        ("!format {fstr: '{a}-{0}', args: [1], a: x}", "x-1"),
        ("!join [', ', a, 1]", "a, 1"),
    ],
)
def test_utility_tags(text, value):
    if value is None:
        assert refused(text)
    else:
        assert value_of(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "!range [1000000000000]",
        "!linspace [0, 1, 1000000000000]",
        "!arange [0, 1, 1e-300]",
        "!arange [0, 1, 0]",
        "!range x",
        "!range {a: 1}",
        "!truediv [1, 0]",
        "!mul [abc, 100]",
        "!min []",
        "!slice [1, 2, 3, 4]",
        "!listgen {form_range: [3]}",
        "!listgen {append: 3}",
        '!format ["{0.__class__}", 1]',
        '!format ["{0[a]}", {a: 1}]',
        '!format ["{:99999}", 1]',
        '!format ["{x}"]',
        '!format ["{", 1]',
        "!join [1, 2]",
        "!expr 1 + 2",
        "!env HOME",
    ],
)
def test_what_utility_tags_do_not_take_is_told(text):
    (problem,) = refused(f"x: {text}")
    assert problem.where.line == 1


def test_tags_of_later_say_so():
    (problem,) = refused("x: !expr 1 + 2")
    assert problem.message == "the tag '!expr' is known but not accepted yet"


def test_dimensions_stand_anywhere():
    assert value_of("x: [!sweep {default: 0, range: [2]}]")["x"] == [ParamDim(default=0, range=[2])]
    assert isinstance(value_of("x: {y: !pspace {}}")["x"]["y"], ParamSpace)
