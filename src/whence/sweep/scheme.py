"""What a sweep is about to do, decided before anything is written."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from whence.artifacts import Deposit, facts_of, place
from whence.artifacts.deposit import told_path
from whence.base.digest import digest_value
from whence.base.error import UserError
from whence.base.escape import encode
from whence.base.yaml import read
from whence.params import ParamSpace, Point, flatten, yaml_tags
from whence.runs import Code, Origin, code_artifacts
from whence.runs.capture import code_facts
from whence.runs.input import digest_folder
from whence.runs.variable import chosen
from whence.store import Store
from whence.sweep.option import SweepOptions
from whence.sweep.plan import Step, Work, plan
from whence.sweep.target import (
    Command,
    Given,
    Target,
    check_parameters,
    code_of,
    home_of,
    name_of,
    short_name,
    target_of,
)

GivenSpace = ParamSpace | Mapping[str, Any] | str | os.PathLike[str]
"""A space, what it is made of, or the YAML file that holds it."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """A sweep before it runs.

    Attributes
    ----------
    store : Store
        Where it is to be recorded.
    target : Target
        What runs at each point.
    space : ParamSpace
        The points.
    name : str
        What it is called.
    out : Path
        The folder of its output.
    options : SweepOptions
        Tags and the like.
    code : Code
        The code of the target.
    work : Work
        What makes points the same work as earlier ones.
    """

    store: Store
    target: Target
    space: ParamSpace
    name: str
    out: Path
    options: SweepOptions
    code: Code
    work: Work

    @property
    def folder(self) -> str:
        """The folder of runs."""
        return f"/{self.name}"

    @property
    def parameters(self) -> dict[str, Any]:
        """The space as plain data."""
        plain: dict[str, Any] = _plain(self.space.yaml_node()[1])
        return plain

    @property
    def key(self) -> str:
        """What makes two sweeps the same: the digest of space, target, code and inputs."""
        target = self.work.target if isinstance(self.work.target, str) else list(self.work.target)
        parts = {"space": self.parameters, "target": target}
        if self.work.setting:
            parts["setting"] = dict(self.work.setting)
        return digest_value(parts | {"code": self.work.code, "inputs": self.work.inputs})

    def steps(self, points: Iterable[Point]) -> list[Step]:
        """What is to be done at these points."""
        return plan(self.store, list(points), self.work)

    def origin(self) -> Origin:
        """What the runs have in common; code and inputs are put into the store."""
        paths = [path for path in self.options.inputs if not os.path.isdir(path)]
        if self.options.space_file is not None:
            paths.append(self.options.space_file)
        inputs = [facts_of(self.store, Deposit(path, "input"), None) for path in paths]
        facts: dict[str, Any] = {
            "target": encode(self.work.target),
            "inputs": encode(self.work.inputs),
        }
        if self.work.setting:
            facts["setting"] = encode(dict(self.work.setting))
        if isinstance(self.work.target, tuple):
            facts["target"] = facts["command"] = encode(list(self.work.target))
        if self.options.repeat is not None:
            facts["repeat"] = encode(self.options.repeat)
        return Origin(
            code=code_facts(self.code, home_of(self.target)),
            artifacts=(*code_artifacts(self.store, self.code), *inputs),
            facts=facts,
        )


def scheme_of(
    target: Given,
    space: GivenSpace,
    store: Store,
    name: str | None,
    out: str | os.PathLike[str] | None,
    options: SweepOptions | None,
) -> Scheme:
    """Look at a sweep before it runs; nothing is written.

    Raises
    ------
    UserError
        If target and space cannot be, or do not fit.
    """
    options = options or SweepOptions()
    if isinstance(space, Mapping):
        space = ParamSpace(space)
    elif isinstance(space, str | os.PathLike):
        options = replace(options, space_file=options.space_file or space)
        space = read_space(space)
    elif not isinstance(space, ParamSpace):
        raise UserError.of(
            "bad-space",
            f"a parameter space is not a {type(space).__name__}",
            mend="Pass a ParamSpace, a mapping like {'rate': ParamDim(...)}, or a YAML file.",
        )
    found = target_of(target)
    first = next(iter(space.points()), None)
    if first is not None:
        check_parameters(found, first.params, flatten(first.params))
    name = _name(name or short_name(found))
    folder = Path(os.path.abspath(out or store.project / "runs" / name))
    names = {_told(store, path): _digest(store, Path(path)) for path in options.inputs}
    code = code_of(found, store)
    code = replace(code, files={n: d for n, d in code.files.items() if d not in names.values()})
    work = Work(
        name_of(found, store.project),
        dict(code.files),
        names,
        folder,
        options.again,
        setting=_setting(found, store, options.variables),
    )
    return Scheme(store, found, space, name, folder, options, code, work)


def _setting(target: Target, store: Store, wanted: Sequence[str]) -> dict[str, str]:
    """What the target runs in, as far as it matters: a command's directory, chosen variables."""
    found = {f"${name}": value for name, value in chosen(wanted).items()}
    if isinstance(target, Command):
        where = place(Path(os.path.realpath(target.cwd)), (Path(os.path.realpath(store.project)),))
        if where not in ("", "."):
            found["cwd"] = where
    return found


def read_space(path: str | os.PathLike[str]) -> ParamSpace:
    """The parameter space in a YAML file: the document itself, or its ``parameter_space``.

    Raises
    ------
    UserError
        If the file cannot be read, or holds none.
    """
    document = read(path, yaml_tags())
    value = document.value
    if isinstance(value, Mapping) and "parameter_space" in value:
        value = value["parameter_space"]
    if isinstance(value, ParamSpace):
        return value
    raise UserError.of(
        "no-space",
        f"there is no parameter space in {os.fspath(path)!r}",
        where=document.where(),
        mend="Begin it with `parameter_space: !pspace`, and the parameters below, indented.",
    )


def _digest(store: Store, path: Path) -> str:
    return digest_folder(path, store.digest_of) if path.is_dir() else store.digest_of(path)


def _told(store: Store, path: str | os.PathLike[str]) -> str:
    return str(told_path(os.path.abspath(path), None, store.project))


def _name(name: str) -> str:
    if name and name.isprintable() and not name.startswith(".") and not set(name) & set("/\\"):
        return name
    raise UserError.of(
        "bad-name", f"{name!r} cannot name a sweep", mend="It names a folder: leave out slashes."
    )


def _plain(value: Any) -> Any:
    """A space as plain data: a dimension is a mapping of its tag to what it says."""
    if hasattr(value, "yaml_node"):
        tag, inner = value.yaml_node()
        return {tag: _plain(inner)}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
