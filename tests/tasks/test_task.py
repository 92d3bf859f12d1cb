import subprocess
import sys
import textwrap

import numpy as np
import pytest

from whence.base.error import UserError
from whence.tasks import MemoizedTask, RecordedTask

calls = []


def energy(temperature: float, steps: int = 3) -> dict:
    calls.append(temperature)
    return {"mean": temperature * steps, "trace": (temperature, float("nan"))}


@pytest.fixture(autouse=True)
def forget():
    calls.clear()


def runs(store):
    return [store.index().state(id_) for id_ in store.index().ids("task")]


def test_a_call_is_a_run_and_the_same_call_is_remembered(store):
    task = RecordedTask(energy, store)
    first = task(1.5)
    again = task(temperature=1.5, steps=3)
    assert again["mean"] == first["mean"] == 4.5
    assert isinstance(again["trace"], tuple)
    assert calls == [1.5]
    (state,) = runs(store)
    assert state["status"] == "completed"
    assert state["name"] == "energy"
    assert state["params"] == {"temperature": 1.5, "steps": 3}
    assert {a["name"] for a in state["artifacts"]} == {"test_task.py", "result"}
    task(2.0)
    task.run(2.0)
    assert calls == [1.5, 2.0, 2.0]
    assert len(runs(store)) == 3


def test_a_result_is_remembered_by_another_process_until_the_code_is_edited(store, project):
    (project / "work.py").write_text(
        textwrap.dedent(
            """
            from whence.tasks import RecordedTask
            import law

            @RecordedTask
            def double(x: int) -> int:
                print("working")
                return law.factor * x

            if __name__ == "__main__":
                print(double(4))
            """
        )
    )
    (project / "law.py").write_text("factor = 2\n")

    def said():
        command = [sys.executable, "-B", "-m", "work"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()

    assert said() == ["working", "8"]
    assert said() == ["8"]
    (project / "law.py").write_text("factor = 30\n")
    assert said() == ["working", "120"]


def test_a_failed_call_is_on_record_and_tried_again(store):
    def explode(x: int) -> int:
        calls.append(x)
        raise ValueError("no")

    task = RecordedTask(explode, store)
    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            task(1)
    assert calls == [1, 1]
    assert [state["status"] for state in runs(store)] == ["failed", "failed"]


def test_arrays_are_kept_and_other_objects_not_accepted(store):
    def array(n: int) -> np.ndarray:
        return np.arange(n) / 2

    def model(n: int) -> object:
        return object()

    task = RecordedTask(array, store)
    assert np.array_equal(task(4), task(4))
    with pytest.raises(UserError, match="cannot be kept yet"):
        RecordedTask(model, store)(1)


def test_what_is_not_annotated_is_refused():
    def bare(x, y: int):
        return x

    with pytest.raises(UserError, match="the type of x"):
        RecordedTask(bare)


def test_a_memoized_task_gives_the_same_object_and_records_nothing(store):
    task = MemoizedTask(energy)
    first = task(1.0)
    assert task(temperature=1.0) is first
    assert task(2.0) is not first
    assert calls == [1.0, 2.0]
    task.clear()
    assert task(1.0) is not first
    assert store.index().ids() == []
    assert task.__name__ == "energy"


def test_a_closure_is_refused_for_what_its_arguments_do_not_tell(store):
    def make(factor):
        def scaled(x: int) -> int:
            return factor * x

        return RecordedTask(scaled, store)

    with pytest.raises(UserError, match="'factor'"):
        make(2)


def half(x: float, n: "int" = 2, *more: int, label: str | None = None) -> float:
    calls.append(x)
    return x / n


@pytest.mark.parametrize("kind", [RecordedTask, MemoizedTask])
def test_an_int_for_a_float_is_the_same_call(store, kind):
    task = kind(half, store) if kind is RecordedTask else kind(half)
    assert task(1) == task(1.0) == task(np.float64(1)) == 0.5
    assert [(x, type(x)) for x in calls] == [(1.0, float)]
    task(1, 2, 3, label="x")
    assert len(calls) == 2


@pytest.mark.parametrize(
    ("args", "said"),
    [(("1",), "takes x as float"), ((1.0, 2.5), "takes n as int"), ((None,), "NoneType")],
)
def test_an_argument_of_another_type_is_refused(store, args, said):
    with pytest.raises(UserError, match=said):
        RecordedTask(half, store)(*args)
    with pytest.raises(UserError, match=said):
        MemoizedTask(half)(*args)
    assert runs(store) == []
