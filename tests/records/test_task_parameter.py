"""Folding task descriptions away, and reaching into parameters of every kind."""

import argparse
import json
from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from whence.base.error import UserError
from whence.records.record import Record
from whence.records.task_parameter import MissingParameter, fold_task_inputs, get_task_param

MODEL = {"taskname": "Model", "module": "work", "inputs": {"params": {"μtilde": [1, 2], "n": 3}}}
OPTIMIZER = {"taskname": "Optimizer", "module": "work", "inputs": {"model": MODEL, "step": 0.1}}
FIT = {"taskname": "Fit", "module": "work", "inputs": {"optimizer": OPTIMIZER}, "reason": "why"}
NAME = "optimizer.model.params.μtilde"


class Task:
    def __init__(self, desc):
        self.desc = desc


class TaskOfInputs:
    def __init__(self, **inputs):
        self.inputs = SimpleNamespace(**inputs)


@dataclass
class Optimizer:
    model: object


@pytest.mark.parametrize(
    "obj",
    [
        FIT,
        FIT["inputs"],
        json.dumps(FIT),
        Record({"id": "r1", "params": FIT}),
        Task(FIT),
        TaskOfInputs(optimizer=TaskOfInputs(model=MODEL)),
        SimpleNamespace(optimizer=Optimizer(json.dumps(MODEL))),
        argparse.Namespace(optimizer={"model": Task(MODEL)}),
        fold_task_inputs(FIT),
    ],
)
def test_one_name_for_every_kind_of_object(obj):
    assert get_task_param(obj, NAME) == [1, 2]


def test_the_whole_key_works_too():
    whole = "inputs.optimizer.inputs.model.inputs.params.μtilde"
    assert get_task_param(FIT, whole) == [1, 2]
    assert get_task_param(Record({"id": "r1", "params": FIT}), whole) == [1, 2]
    assert get_task_param(TaskOfInputs(a=1), "inputs.a") == 1


def test_several_names():
    names = [NAME, "optimizer.step"]
    assert get_task_param(FIT, names) == [[1, 2], 0.1]
    assert get_task_param(FIT, tuple(names)) == ([1, 2], 0.1)
    assert get_task_param(FIT, ["optimizer.step", "x"], default=None) == [0.1, None]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("a.b", 1),
        ("a['b']", 1),
        ("x.y.z", 2),
        ('"x.y".z', 2),
        ("['x.y'].z", 2),
        ("n.1", 3),
        ("n[1]", 3),
        ("n[(1, 'a]')]", 4),
        ("l[0].k", 5),
        ("l.0.k", 5),
        ("odd[key", 6),
        ("..", 7),
    ],
)
def test_keys_with_dots_and_keys_that_are_no_text(name, value):
    params = {
        "a": {"b": 1},
        "x.y": {"z": 2},
        "n": {1: 3, (1, "a]"): 4},
        "l": [{"k": 5}],
        "odd[key": 6,
        "..": 7,
    }
    assert get_task_param(params, name) == value


def test_nested_keys_come_before_a_key_with_dots():
    assert get_task_param({"a.b": 1, "a": {"b": 2}}, "a.b") == 2
    assert get_task_param({"a.b": 1, "a": {"c": 2}}, "a.b") == 1


@pytest.mark.parametrize(
    ("obj", "name", "message"),
    [
        (
            FIT,
            "optimizer.modle",
            "'optimizer' has no 'modle', only taskname, module, inputs, model",
        ),
        (FIT, "optimizer.step.x", "'optimizer.step' is a value, of type float"),
        (FIT, "x", "there are taskname, module, inputs, reason, optimizer"),
        ({}, "x", "there are none"),
        ({"a": {1: 2}}, "a[2]", "'a' has no '[2]', only 1"),
        (Record({"id": "r1", "params": {"a": 1}}), "b", "there are a"),
        (5, "x", "there are none"),
        ({"a": 1}, "a.real", "'a' is a value"),
        ({"a": 1}, "", "there are a"),
    ],
)
def test_missing(obj, name, message):
    with pytest.raises(MissingParameter) as caught:
        get_task_param(obj, name)
    assert message in str(caught.value)
    assert isinstance(caught.value, KeyError)
    assert isinstance(caught.value, UserError)
    assert get_task_param(obj, name, default=7) == 7


def test_missing_offers_what_is_near():
    with pytest.raises(UserError, match=r"Did you mean 'step'\?"):
        get_task_param(FIT, "optimizer.stp")


@pytest.mark.parametrize(("obj", "name"), [("no json", "a"), ("{", "a"), ("[1]", "a"), ({}, 3)])
def test_bad_arguments(obj, name):
    with pytest.raises(UserError):
        get_task_param(obj, name, default=None)


def test_fold_replaces_descriptions_at_all_levels():
    folded = {"optimizer": {"model": {"params": {"μtilde": [1, 2], "n": 3}}, "step": 0.1}}
    assert fold_task_inputs(FIT) == folded
    assert fold_task_inputs({"x": [FIT, (FIT, 1)]}) == {"x": [folded, (folded, 1)]}
    assert FIT["inputs"]["optimizer"]["inputs"]["model"] is MODEL


def test_fold_drops_the_digests_of_smttask():
    noise = {"digest": "ab", "hashed_digest": "ab", "unhashed_digests": {}}
    assert fold_task_inputs({**FIT, "inputs": {"a": 1, **noise}, **noise}) == {"a": 1}
    assert fold_task_inputs(noise) == noise


@pytest.mark.parametrize(
    "params",
    [{"taskname": "A", "inputs": {}}, {**MODEL, "seed": 1}, {**MODEL, "inputs": 3}, 3, "x", None],
)
def test_fold_leaves_anything_else(params):
    assert fold_task_inputs(params) == params


def test_fold_of_what_has_no_bottom():
    endless = dict(MODEL)
    endless["inputs"] = endless
    with pytest.raises(UserError, match="contain themselves"):
        fold_task_inputs(endless)
    with pytest.raises(UserError):
        get_task_param(endless, "x")
