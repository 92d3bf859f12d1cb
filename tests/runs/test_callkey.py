import pytest

from whence.base.error import UserError
from whence.runs import Call, what_changed

BASE = Call(
    {"model": {"n": 100, "T": 1.5}, "seed": 1},
    "simulate.py:simulate",
    {"simulate.py": "aa", "model.py": "bb"},
    {"in.dat": "cc"},
)


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (Call({**BASE.parameters, "seed": 2}, BASE.target, BASE.code, BASE.inputs),
         "parameter seed changed from 1 to 2"),
        (Call({**BASE.parameters, "seed": 1.0}, BASE.target, BASE.code, BASE.inputs),
         "parameter seed changed from 1 to 1.0"),
        (Call({**BASE.parameters, "model": {"n": 100}}, BASE.target, BASE.code, BASE.inputs),
         "parameter model.T is gone"),
        (Call({**BASE.parameters, "a": 0}, BASE.target, BASE.code, BASE.inputs),
         "parameter a is new"),
        (Call(BASE.parameters, BASE.target, {**BASE.code, "model.py": "b2"}, BASE.inputs),
         "model.py changed"),
        (Call(BASE.parameters, BASE.target, {"simulate.py": "aa", "new.py": "x"}, BASE.inputs),
         "model.py is gone; new.py is new"),
        (Call(BASE.parameters, BASE.target, BASE.code, {"in.dat": "c2"}),
         "input in.dat changed"),
        (Call(BASE.parameters, ("lmp", "-in", "in.melt"), BASE.code, BASE.inputs),
         "simulate.py:simulate was replaced by `lmp -in in.melt`"),
        (Call({}, BASE.target, {}, {}),
         "parameter model.n is gone; parameter model.T is gone; parameter seed is gone; "
         "and 3 more"),
    ],
)  # fmt: skip
def test_what_makes_other_work_is_told_and_makes_another_key(other, told):
    assert what_changed(BASE, other) == told
    assert other.key != BASE.key


def test_a_parameter_that_cannot_be_recorded_is_named():
    with pytest.raises(UserError, match=r"parameters\.model"):
        _ = Call({"model": object()}, "x").key
