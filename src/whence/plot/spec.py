"""Plot specs: a configuration of plots as checked values, before anything is read or drawn."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from whence.base.error import UserError
from whence.base.problem import Problem, did_you_mean
from whence.base.yaml import Document, read
from whence.plot import helper, style
from whence.plot.function import PlotFunction, resolve
from whence.plot.inherit import Pools, inherited
from whence.plot.recipe import FORMATS
from whence.plot.scope import Scope
from whence.plot.selection import DAG_OPTIONS

SETTINGS = ("default_ext", "psgrp_path", "exist_ok", "raise_exc", "style", "base_module_file_dir")
_TEXT = ((str,), "text")
_FLAG = ((bool,), "true or false")
_LIST = ((list, tuple), "a list")
_TEXTS = ((str, list, tuple), "text or a list")
_MAPPING = ((Mapping,), "a mapping")
# The keys that every plot may have, with the types of their values and how messages call these.
_KEYS: Mapping[str, tuple[tuple[type, ...], str]] = {
    "creator": _TEXT,
    "plot_func": ((str, Callable), "the name of a function"),  # type: ignore[dict-item]
    "module": _TEXT,
    "module_file": _TEXT,
    "out_dir": ((str, os.PathLike), "a folder"),
    "file_ext": _TEXTS,
    "save_plot_cfg": _FLAG,
    "creator_init_kwargs": _MAPPING,
    "parallel": ((bool, int, Mapping), "true, false, a number or a mapping"),
    "enabled": _FLAG,
    "debug": _FLAG,
    "exist_ok": ((bool, str), "true, false or skip"),
    "raise_exc": _FLAG,
    "use_dag": _FLAG,
    "select": _MAPPING,
    "transform": _LIST,
    "compute_only": _TEXTS,
    "dag_options": _MAPPING,
    "helpers": _MAPPING,
    "style": _MAPPING,
    "plot_func_kwargs": _MAPPING,
}
_KEYS_LATER = ("animation", "dag_visualization", "dag_object_cache", "invocation_options",
               "from_pspace")  # fmt: skip
_DAG_LATER = ("meta_operations", "cache_dir", "file_cache_defaults", "base_transform",
              "exclude_from_all", "verbosity")  # fmt: skip
EXAMPLE = """\
  energy:                       # the name of the figure
    creator: universe           # a figure for each simulation
    universes: all
    module: .generic
    plot_func: facet_grid
    kind: line
    x: dim_0
    select:
      data: energy              # a path below one simulation, as `whence tree` prints it

`whence demo` makes a project that has one; docs/reference/plots.md tells all it may have."""
"""A plots configuration that is as short as can be, for messages."""

_FORBIDDEN = "*?[]!:()\\\0"


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a plot manager says for the plots that do not say it themselves.

    Attributes
    ----------
    creators : mapping
        Canonical creator by the name that configurations may use.
    creator : str or None
        The creator of plots that name none.
    detect : bool
        Whether keys like ``universes`` tell the creator where none is named.
    settings : mapping
        ``creator_init_kwargs``: settings by creator.
    keys : mapping
        The keys that each canonical creator adds.
    """

    creators: Mapping[str, str]
    creator: str | None = None
    detect: bool = True
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def check(self) -> None:
        """Refuse settings for creators that are not, and settings that no creator has.

        Raises
        ------
        UserError
            For every one of them.
        """
        problems: list[Problem] = []
        scope = Scope(path=("plot_manager",))
        if self.creator is not None and self.creator not in self.creators:
            place = scope.at("default_creator")
            problems.append(place.unknown("plot creator", self.creator, self.creators))
        for name, settings in self.settings.items():
            place = scope.at("creator_init_kwargs")
            if name not in self.creators:
                problems.append(place.key(name).unknown("plot creator", name, self.creators))
            for key in settings or ():
                if key not in SETTINGS:
                    place = scope.key("creator_init_kwargs", name, key)
                    problems.append(place.unknown("creator setting", key, SETTINGS))
        if problems:
            raise UserError(*problems)

    def of(self, named: str) -> Mapping[str, Any]:
        """The settings of a creator, under any of its names."""
        merged: dict[str, Any] = {}
        for name, settings in self.settings.items():
            if self.creators.get(name, name) == self.creators.get(named, named):
                merged |= settings or {}
        return merged


@dataclass(frozen=True, slots=True)
class State:
    """One point of a parameter space, as figures and their files call it.

    Attributes
    ----------
    name : str
        The state number.
    coords : mapping
        The value of each dimension.
    space : object
        The parameter space, where a plot's own configuration is one.
    """

    name: str
    coords: Mapping[str, Any] = field(default_factory=dict)
    space: Any = field(default=None, compare=False, repr=False)

    @property
    def stem(self) -> str:
        """As its files are named: ``12__max_step_size_0.1__seed_0``."""
        parts = (f"{dim}_{value}".replace("/", "-") for dim, value in self.coords.items())
        return "__".join((self.name, *parts))

    @property
    def caption(self) -> str:
        """As figures call it: ``max_step_size = 0.1, seed = 0``."""
        return ", ".join(f"{dim} = {value}" for dim, value in self.coords.items())


@dataclass(frozen=True, slots=True)
class PlotSpec:
    """One checked plot configuration.

    Attributes
    ----------
    name : str
        The plot's name; slashes make folders.
    creator : str
        The canonical name of its creator.
    function : PlotFunction
        What draws it.
    options : mapping
        What the plot function is given beside data and helper.
    configuration : mapping
        The whole configuration, as it is saved and can be run again.
    settings : mapping
        The creator's settings for it: ``default_ext``, ``psgrp_path``, …
    formats : tuple of str
        The file formats to write.
    scope : Scope
        Where it stands, for problems found later.
    state : State or None
        The point, if it is one of a series that a parameter space describes.
    """

    name: str
    creator: str
    function: PlotFunction
    options: Mapping[str, Any]
    configuration: Mapping[str, Any]
    settings: Mapping[str, Any]
    formats: tuple[str, ...]
    scope: Scope = field(default_factory=Scope, compare=False, repr=False)
    state: State | None = None

    def get(self, key: str, default: Any = None) -> Any:
        """What the configuration has at a key, else the creator's settings, else the default."""
        if self.configuration.get(key) is not None:
            return self.configuration[key]
        found = self.settings.get(key)
        return default if found is None else found

    @property
    def use_dag(self) -> bool:
        """Whether the function is given selected and transformed data."""
        asked = self.configuration.get("use_dag")
        if asked is None:
            asked = self.function.traits.use_dag
        if asked is None:
            asked = any(self.get(k) for k in ("select", "transform", "select_and_combine"))
        return bool(asked)


def load(plots_cfg: Any) -> Document:
    """The plots configuration as a document: a path is read, a mapping taken as it is.

    Raises
    ------
    UserError
        If the file cannot be read or is not YAML, or the top level is not a mapping.
    """
    if isinstance(plots_cfg, Document):
        document = plots_cfg
    elif isinstance(plots_cfg, (str, os.PathLike)):
        from whence.params import yaml_tags as params_tags
        from whence.transform import yaml_tags as graph_tags

        document = read(Path(plots_cfg).expanduser(), {**params_tags(), **graph_tags()})
    else:
        document = Document(plots_cfg)
    if not isinstance(document.value, Mapping):
        what = "is empty" if document.value is None else "has no names of plots"
        raise UserError(
            Scope(document).problem(
                "no-plots",
                f"this configuration of plots {what}",
                f"It has a name for each plot, and below it what to draw, like\n\n{EXAMPLE}",
            )
        )
    return document


def check_specs(
    document: Document,
    defaults: Defaults,
    *,
    only: Sequence[str] | None = None,
    pools: Pools = (),
) -> tuple[tuple[PlotSpec, ...], list[Problem]]:
    """The plots of a configuration, and all that is wrong with them.

    A plot that has problems is among the specs as far as it could be read, without the values
    that are wrong, so that the rest of it can be checked, too.

    Parameters
    ----------
    document : Document
        The configuration, from `load`.
    defaults : Defaults
        What the manager says.
    only : sequence of str, optional
        Names or globs of the plots wanted; wanted plots are drawn though not enabled.
    pools : sequence of (label, mapping)
        Where ``based_on`` looks beyond the configuration itself.
    """
    problems: list[Problem] = []
    specs: list[PlotSpec] = []
    for name in _wanted(document, only, problems):
        for state, one in _points(document, name):
            try:
                configuration = inherited(one, name, pools)
            except UserError as error:
                problems += error.problems
                continue
            if configuration.get("enabled", True) is False and only is None:
                continue
            found = _Check(name, configuration, Scope(document, (name,)), defaults)
            spec = found.run()
            problems += found.problems
            if spec is not None:
                specs.append(replace(spec, state=state))
    return tuple(specs), problems


def _points(document: Document, name: str) -> Iterator[tuple[State | None, Document]]:
    """The document for a plot; one for each point, if its configuration is a parameter space."""
    space = document.value[name]
    if not hasattr(space, "points"):
        yield None, document
        return
    for point in space.points():
        state = State(point.state_str, point.coords, space)
        yield state, replace(document, value={**document.value, name: point.params})


def _wanted(
    document: Document, only: Sequence[str] | None, problems: list[Problem]
) -> Iterator[str]:
    plots = [name for name in document.value if str(name)[:1] not in "._"]
    if only is None:
        yield from plots
        return
    for pattern in [only] if isinstance(only, str) else only:
        if not fnmatch.filter(plots, pattern):
            mend = did_you_mean(pattern, plots) or f"The plots are: {', '.join(plots) or 'none'}."
            problems.append(
                Scope(document).problem("unknown-plot", f"there is no plot {pattern!r}", mend)
            )
    patterns = [only] if isinstance(only, str) else list(only)
    yield from (name for name in plots if any(fnmatch.fnmatch(name, p) for p in patterns))


class _Check:
    """The check of one plot: collects every problem, gives the spec if there is none."""

    def __init__(
        self, name: str, configuration: Mapping[Any, Any], scope: Scope, defaults: Defaults
    ) -> None:
        self.name = name
        self.scope = scope
        self.defaults = defaults
        self.problems: list[Problem] = []
        self.configuration: dict[Any, Any] = {
            k: v for k, v in configuration.items() if self._fits(k, v)
        }

    def run(self) -> PlotSpec | None:
        self._name()
        creator = self._creator()
        function = self._function()
        settings = self._settings(creator) if creator else {}
        formats = self._formats(settings)
        self._sections()
        options = self._options(creator, function) if creator and function else {}
        if creator is None or function is None:
            return None
        return PlotSpec(
            self.name, creator, function, options, dict(self.configuration), settings, formats,
            self.scope,
        )  # fmt: skip

    def _fits(self, key: Any, value: Any) -> bool:
        """Whether a value has a type that its key takes; notes it if not."""
        types, called = {**_KEYS, "select_and_combine": _MAPPING}.get(key, ((object,), ""))
        if value is None or isinstance(value, types):
            return True
        message = f"`{key}` must be {called}, not {value!r:.60}"
        self.problems.append(self.scope.at(key).problem("bad-value", message))
        return False

    def _name(self) -> None:
        parts = str(self.name).split("/")
        bad = [c for c in str(self.name) if c in _FORBIDDEN or c == "."]
        if not isinstance(self.name, str) or bad or not all(parts):
            self.problems.append(
                self.scope.key().problem(
                    "bad-name",
                    f"{self.name!r} cannot name a plot",
                    "Use letters, digits, '_', '-' and spaces, and '/' for folders.",
                )
            )

    def _creator(self) -> str | None:
        named = self.configuration.get("creator")
        if named is None and self.defaults.detect:
            for key, creator in (("universes", "universe"), ("select_and_combine", "multiverse")):
                if key in self.configuration:
                    return creator
        traits = self._traits()
        named = named or traits or self.defaults.creator or "pyplot"
        if named not in self.defaults.creators:
            scope = self.scope.at("creator") if "creator" in self.configuration else self.scope
            self.problems.append(scope.unknown("plot creator", str(named), self.defaults.creators))
            return None
        return self.defaults.creators[named]

    def _traits(self) -> str | None:
        plot_func = self.configuration.get("plot_func")
        marked = getattr(plot_func, "_whence_plot", None) if callable(plot_func) else None
        return marked.creator if marked else None

    def _function(self) -> PlotFunction | None:
        if "plot_func" not in self.configuration:
            self.problems.append(
                self._mistyped("plot_func")
                or self.scope.problem(
                    "missing-key",
                    f"the plot {self.name!r} has no `plot_func`",
                    "Add `module: .generic` and `plot_func: facet_grid`, or your own function.",
                )
            )
            return None
        file = self.scope.document.file if self.scope.document else None
        try:
            return resolve(
                self.configuration["plot_func"],
                self.configuration.get("module"),
                self.configuration.get("module_file"),
                Path(file).expanduser().resolve().parent if file else None,
            )
        except UserError as error:
            mistyped = None if "module" in self.configuration else self._mistyped("module")
            if mistyped is not None and error.problems[0].code == "missing-key":
                self.problems.append(mistyped)
                return None
            codes = {"unknown-module": "module", "import-failed": "module",
                     "missing-file": "module_file"}  # fmt: skip
            for problem in error.problems:
                key = codes.get(problem.code, "plot_func")
                key = key if key in self.configuration else "plot_func"
                self.problems.append(replace(problem, where=self.scope.at(key).where))
            return None

    def _mistyped(self, wanted: str) -> Problem | None:
        """The problem of a key that is nearly one that is missing, where it is neither another."""
        import difflib  # only needed where something is wrong

        others = {*_KEYS, *(key for taken in self.defaults.keys.values() for key in taken)}
        strange = [key for key in self.configuration if isinstance(key, str) and key not in others]
        near = difflib.get_close_matches(wanted, strange, n=1)
        return self.scope.key(near[0]).unknown("key", near[0], [wanted]) if near else None

    def _settings(self, creator: str) -> dict[str, Any]:
        own = self.configuration.get("creator_init_kwargs") or {}
        for key in own:
            if key not in SETTINGS:
                scope = self.scope.key("creator_init_kwargs", key)
                self.problems.append(scope.unknown("creator setting", str(key), SETTINGS))
        return {**self.defaults.of(creator), **own}

    def _formats(self, settings: Mapping[str, Any]) -> tuple[str, ...]:
        given = self.configuration.get("file_ext") or settings.get("default_ext") or "pdf"
        listed = list(given) if isinstance(given, (list, tuple)) else [given]
        formats = tuple(dict.fromkeys(str(one).lstrip(".").lower() for one in listed))
        scope = self.scope.at("file_ext") if "file_ext" in self.configuration else self.scope
        for at, format_ in enumerate(formats):
            if format_ not in FORMATS:
                place = scope.at(at) if isinstance(given, (list, tuple)) else scope
                self.problems.append(place.unknown("figure format", format_, FORMATS))
        return formats

    def _sections(self) -> None:
        if (helpers := self.configuration.get("helpers")) is not None:
            self.problems += helper.check(helpers, self.scope.at("helpers"))
        if (look := self.configuration.get("style")) is not None:
            self.problems += style.check(look, self.scope.at("style"))
        for key in self.configuration.get("dag_options") or {}:
            scope = self.scope.key("dag_options", key)
            if key in _DAG_LATER:
                self.problems.append(scope.not_yet(f"the option {key!r}"))
            elif key not in DAG_OPTIONS:
                self.problems.append(scope.unknown("option", str(key), DAG_OPTIONS))

    def _options(self, creator: str, function: PlotFunction) -> dict[str, Any]:
        options = dict(self.configuration.get("plot_func_kwargs") or {})
        keys = (*_KEYS, *self.defaults.keys.get(creator, ()))
        others = {key for taken in self.defaults.keys.values() for key in taken}
        from whence.plot.facet import KEYS_LATER

        for key, value in self.configuration.items():
            scope = self.scope.key(key)
            if key in keys:
                continue
            if not isinstance(key, str):
                message = f"the key {key!r} is not text"
                self.problems.append(scope.problem("bad-value", message))
                continue
            if key in others:
                needs = [name for name, taken in self.defaults.keys.items() if key in taken]
                message = f"`{key}` is for the creator {' or '.join(needs)}, not {creator}"
                self.problems.append(scope.problem("misplaced-key", message))
            elif key in _KEYS_LATER or (function.name.startswith(".") and key in KEYS_LATER):
                self.problems.append(scope.not_yet(f"the plot key {key!r}"))
            elif function.keys is not None and key not in function.keys:
                self.problems.append(scope.unknown("key", str(key), (*keys, *function.keys)))
            else:
                options[key] = value
        if function.name.startswith("."):
            self._facets(options)
        return options

    def _facets(self, options: Mapping[str, Any]) -> None:
        from whence.plot.facet import ENCODINGS, LATER, SLOTS

        for slot in (*ENCODINGS, "yerr"):
            if options.get(slot) is not None and not isinstance(options[slot], str):
                message = f"`{slot}` must be the name of a dimension, not {options[slot]!r:.60}"
                self.problems.append(self.scope.at(slot).problem("bad-value", message))

        kind = options.get("kind")
        if isinstance(kind, str) and kind in LATER:
            self.problems.append(self.scope.at("kind").not_yet(f"`kind: {kind}`"))
        elif isinstance(kind, (str, int, float)) and kind != "auto" and kind not in SLOTS:
            self.problems.append(self.scope.at("kind").unknown("kind", str(kind), (*SLOTS, "auto")))
