"""`smttask.Task`, as far as records need it: a description, looked into. Nothing is imported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from whence.base.error import UserError


class SharedVariable(np.ndarray[Any, np.dtype[Any]]):
    """An array parameter of a task; models of smttask's users ask it for its value."""

    def get_value(self) -> np.ndarray[Any, np.dtype[Any]]:
        """The array."""
        return np.array(self)


@dataclass(frozen=True, slots=True)
class Task:
    """A task as its description tells it.

    Attributes
    ----------
    taskname, module : str
    inputs : mapping
        By name; tasks among them are tasks here, lists of numbers are arrays.
    reason : str or None
    """

    taskname: str
    module: str
    inputs: Mapping[str, Any]
    reason: Any = None

    @classmethod
    def from_desc(cls, desc: Mapping[str, Any]) -> Task:
        """The task of a description, like the parameters of a record.

        Raises
        ------
        UserError
            If that is no description.
        """
        if not _is_description(desc):
            raise UserError.of(
                "not-a-task",
                "a task's description has the keys taskname, module and inputs",
                mend="Give the parameters of a record that was recorded by a task.",
            )
        inputs = {name: _input(value) for name, value in desc["inputs"].items()}
        return cls(str(desc["taskname"]), str(desc["module"]), inputs, desc.get("reason"))


def _is_description(value: Any) -> bool:
    return isinstance(value, Mapping) and {"taskname", "module", "inputs"} <= value.keys()


def _input(value: Any) -> Any:
    if _is_description(value):
        return Task.from_desc(value)
    if isinstance(value, Mapping):
        return {name: _input(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple) and value and _all_numbers(value):
        return np.array(value).view(SharedVariable)
    return value


def _all_numbers(values: Any) -> bool:
    return all(isinstance(item, int | float) and not isinstance(item, bool) for item in values)
