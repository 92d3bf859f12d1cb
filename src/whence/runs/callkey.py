"""The call key: what makes two runs the same work, and what tells them apart when they are not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from whence.base.digest import digest_value
from whence.base.excerpt import short
from whence.params import flatten

_NAMED = 3  # so many differences are spelled out, the others counted


@dataclass(frozen=True, slots=True)
class Call:
    """What a run is asked to do. Equal calls have equal keys.

    Attributes
    ----------
    parameters : mapping
        The parameters, nested as the user wrote them.
    target : str or tuple of str
        ``file.py:function``, or the template of a command before anything is filled in.
    code : mapping of str to str
        Digests of the code, by file.
    inputs : mapping of str to str
        Digests of the input files, by name: those declared, and those that words and parameters
        name.
    setting : mapping of str to str
        What else it runs in, where that was said to matter: ``cwd``, the working directory from
        the project's folder, and variables of the environment as ``$NAME``.

    Examples
    --------
    >>> old = Call({"n": 100}, "simulate.py:simulate", {"simulate.py": "ab"})
    >>> new = Call({"n": 200}, "simulate.py:simulate", {"simulate.py": "cd"})
    >>> old.key == new.key
    False
    >>> what_changed(old, new)
    'parameter n changed from 100 to 200; simulate.py changed'
    """

    parameters: Mapping[str, Any]
    target: str | tuple[str, ...]
    code: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    setting: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The digest of it all.

        Raises
        ------
        UserError
            If a parameter cannot be recorded; it names the key.
        """
        target = self.target if isinstance(self.target, str) else list(self.target)
        parts = {"parameters": dict(self.parameters), "target": target}
        if self.setting:
            parts["setting"] = dict(self.setting)
        return digest_value(parts | {"code": dict(self.code), "inputs": dict(self.inputs)})


def what_changed(old: Call, new: Call) -> str:
    """Why the new call is other work than the old one, in words; empty if it is the same."""
    said = [*_parameters(old.parameters, new.parameters)]
    if old.target != new.target:
        said.append(f"{_shown(old.target)} was replaced by {_shown(new.target)}")
    said += _files(old.code, new.code)
    said += (f"input {text}" for text in _files(old.inputs, new.inputs))
    said += _settings(old.setting, new.setting)
    if len(said) > _NAMED:
        said = [*said[:_NAMED], f"and {len(said) - _NAMED} more"]
    return "; ".join(said)


def _parameters(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    before, after = flatten(old), flatten(new)
    for key in [*after, *(key for key in before if key not in after)]:
        if key not in before:
            yield f"parameter {key} is new"
        elif key not in after:
            yield f"parameter {key} is gone"
        elif digest_value(before[key]) != digest_value(after[key]):
            yield _changed(f"parameter {key}", before[key], after[key])


def _files(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    # What a function depends on beside files, told where no file tells the change.
    files = {name for name in (*old, *new) if name[:1] != "<"}
    named = {n for n in files if old.get(n) != new.get(n)} or {*old, *new}
    for name in sorted(named):
        if name not in old:
            yield f"{name} is new"
        elif name not in new:
            yield f"{name} is gone"
        elif old[name] != new[name]:
            yield f"{name} changed"


def _settings(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    for name in sorted({*old, *new}):
        usual = "." if name == "cwd" else ""
        before, after = old.get(name, usual), new.get(name, usual)
        if before != after:
            what = "the working directory" if name == "cwd" else name
            yield _changed(what, before, after)


def _shown(target: str | tuple[str, ...]) -> str:
    return target if isinstance(target, str) else f"`{' '.join(target)}`"


def _changed(what: str, before: Any, after: Any) -> str:
    return f"{what} changed from {short(repr(before))} to {short(repr(after))}"
