"""The plot manager: from a plots configuration and a data tree to figures on disk."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from whence.base.digest import digest_file
from whence.base.error import UserError
from whence.base.problem import Problem
from whence.base.yaml import Document
from whence.plot import creator
from whence.plot.creator import Creator, Task
from whence.plot.draw import Drawing, Refusal, Studio
from whence.plot.figure import Figure
from whence.plot.inherit import Pools, updated
from whence.plot.place import Place, save_configuration
from whence.plot.scope import Scope
from whence.plot.spec import Defaults, PlotSpec, check_specs, load

if TYPE_CHECKING:
    from whence.transform import Cache, Recorder

_log = logging.getLogger(__name__)

_CFG_ACTIONS = ("raise", "skip", "overwrite", "overwrite_nowarn")
# What dantro's PlotManager takes and this one does not yet.
_LATER = ("out_fstrs", "shared_creator_init_kwargs", "plot_func_resolver_init_kwargs")


@dataclass(frozen=True, slots=True)
class Settings:
    """What a `PlotManager` can be told.

    Attributes
    ----------
    default_plots_cfg : mapping, path or Document, optional
        The plots of `plot_from_cfg` where it is given none.
    out_dir : str
        The folder for figures, below the data manager's output folder unless absolute;
        ``{timestamp:}`` is replaced.
    base_cfg_pools : sequence of (label, mapping or path)
        Where ``based_on`` looks beyond the configuration itself, the last first.
    creator_init_kwargs : mapping
        Settings by creator: ``default_ext``, ``psgrp_path``, ``style``, ``exist_ok``.
    default_creator : str, optional
        The creator of plots that name none; ``pyplot`` if not given.
    auto_detect_creator : bool
        Whether ``universes`` and ``select_and_combine`` tell the creator of a plot that names none.
    raise_exc : bool
        Whether a failing plot raises; else it is logged as an error and reported as ``failed``,
        and the others go on.
    save_plot_cfg : bool
        Whether each plot's configuration is saved beside it.
    cfg_exists_action : str
        ``raise``, ``skip``, ``overwrite`` or ``overwrite_nowarn`` such a file that is there.
    use_dantro_base_cfg_pool : bool
        Taken, and without effect: there are no ready-made bases yet, and naming one says so.
    cache : Cache, optional
        Keeps results of transformations, and drawn figures.
    recorder : Recorder, optional
        Hears which files were read, and which were written.
    progress : callable, optional
        Called with (done, total, name) after each figure.
    digest_of : callable
        Gives the digest of a file's content; a store knows it without reading the file again.
    code : mapping
        ``digest`` and ``commit`` of the project's code, for the recipes.
    again : bool
        Whether to draw though the cache has the figure.
    """

    default_plots_cfg: Any = None
    out_dir: str = "{timestamp:}/"
    base_cfg_pools: Sequence[Any] = ()
    creator_init_kwargs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    default_creator: str | None = None
    auto_detect_creator: bool = True
    raise_exc: bool = False
    save_plot_cfg: bool = True
    cfg_exists_action: str = "raise"
    use_dantro_base_cfg_pool: bool = True
    cache: Cache | None = None
    recorder: Recorder | None = None
    progress: Callable[[int, int, str], None] | None = None
    digest_of: Callable[[Path], str] = digest_file
    code: Mapping[str, Any] = field(default_factory=dict)
    again: bool = False

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Settings:
        """The settings from keywords.

        Raises
        ------
        UserError
            For every keyword that is unknown.
        """
        known = [one.name for one in fields(cls)]
        problems: list[Problem] = []
        for name in given:
            scope = Scope(path=("plot_manager", name))
            if name in _LATER:
                problems.append(scope.not_yet(f"the setting {name!r}"))
            elif name not in known:
                problems.append(scope.unknown("setting of PlotManager", name, known))
        action = given.get("cfg_exists_action", "raise")
        if action not in _CFG_ACTIONS:
            scope = Scope(path=("plot_manager", "cfg_exists_action"))
            problems.append(scope.unknown("action", str(action), _CFG_ACTIONS))
        if problems:
            raise UserError(*problems)
        return cls(**{name: value for name, value in given.items() if value is not None})


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be drawn, and with what: decided, and nothing done yet.

    Attributes
    ----------
    studio : Studio
        Where figures go, and who caches and records.
    drawings : tuple of Drawing or Refusal
        One per figure, in order.
    """

    studio: Studio
    drawings: tuple[Drawing | Refusal, ...]


class PlotManager:
    """Draws what plot configurations say from a data tree.

    Subclass it to add creators: ``CREATORS = {"name": Creator(...)}``.

    Parameters
    ----------
    dm : DataManager
        The data tree, loaded.
    **settings
        See `Settings`.

    Raises
    ------
    UserError
        For settings that are unknown.
    """

    CREATORS: ClassVar[Mapping[str, Creator]] = {}

    def __init__(self, dm: Any = None, **settings: Any) -> None:
        self.dm = dm
        self.settings = Settings.of(settings)
        self._creators = {**creator.CREATORS, **self.CREATORS}
        self._defaults = self._read_defaults()
        self._info: list[dict[str, Any]] = []
        self._saved: list[Path] = []

    @property
    def plot_info(self) -> list[dict[str, Any]]:
        """What was plotted so far: one entry per figure, in order, as plain data."""
        return list(self._info)

    @property
    def configurations(self) -> tuple[Path, ...]:
        """The files of configurations that were saved beside figures so far, in order."""
        return tuple(self._saved)

    @property
    def default_creator(self) -> str | None:
        """The creator of plots that name none."""
        return self.settings.default_creator

    def plot_from_cfg(
        self,
        plots_cfg: Any = None,
        *,
        plot_only: Sequence[str] | None = None,
        out_dir: str | None = None,
        **update: Any,
    ) -> tuple[Figure, ...]:
        """Draw the plots of a configuration; gives back one result per figure and format.

        Parameters
        ----------
        plots_cfg : mapping, path or Document, optional
            The configuration; the manager's default one if not given.
        plot_only : sequence of str, optional
            Names or globs of the plots to draw, enabled or not.
        out_dir : str, optional
            The folder to draw into, instead of the manager's.
        **update
            By plot name: what to change of its configuration.

        Raises
        ------
        UserError
            With all problems of the configuration, before anything is read or drawn; and if a
            plot fails and `raise_exc` is set.
        """
        return self.draw(
            self.plan_from_cfg(plots_cfg, plot_only=plot_only, out_dir=out_dir, **update)
        )

    def plan_from_cfg(
        self,
        plots_cfg: Any = None,
        *,
        plot_only: Sequence[str] | None = None,
        out_dir: str | None = None,
        **update: Any,
    ) -> Plan:
        """Everything that `plot_from_cfg` would do, checked and decided, and nothing drawn.

        Parameters
        ----------
        plots_cfg, plot_only, out_dir, **update
            As in `plot_from_cfg`.

        Raises
        ------
        UserError
            With all problems of the configuration.
        """
        given = self.settings.default_plots_cfg if plots_cfg is None else plots_cfg
        if given is None:
            raise UserError.of("missing-configuration", "there is no plots configuration to draw")
        document = load(given)
        if update:
            document = replace(document, value=updated(document.value, update))
        return self._plan(document, plot_only, out_dir)

    def draw(self, plan: Plan) -> tuple[Figure, ...]:
        """Draw what was planned; gives back one result per figure and format.

        Raises
        ------
        UserError
            If a plot fails and `raise_exc` is set.
        """
        return tuple(self.drawn(plan))

    def drawn(self, plan: Plan) -> Iterator[Figure]:
        """Draw what was planned, figure by figure: what is given was written, whatever follows.

        Raises
        ------
        UserError
            As `draw`.
        """
        figures: list[Figure] = []
        for done, drawing in enumerate(plan.drawings, 1):
            made = self._draw_one(plan.studio, drawing)
            figures += made
            yield from made
            if self.settings.progress is not None:
                self.settings.progress(done, len(plan.drawings), drawing.task.stem)
        for spec in _unique(plan.drawings):
            self._save(spec, plan.studio.place, [f for f in figures if f.name == spec.name])

    def plot(self, name: str, *, out_dir: str | None = None, **cfg: Any) -> tuple[Figure, ...]:
        """Draw one plot from its configuration given as keywords.

        Raises
        ------
        UserError
            As `plot_from_cfg`.
        """
        return self.draw(self._plan(Document({name: cfg}), None, out_dir))

    def _plan(self, document: Document, only: Sequence[str] | None, out_dir: str | None) -> Plan:
        specs, problems = check_specs(document, self._defaults, only=only, pools=self._pools())
        studio = Studio(
            Place.of(self.dm, out_dir or self.settings.out_dir),
            self.settings.digest_of,
            self.settings.cache,
            self.settings.recorder,
            self.settings.code,
            self.settings.again,
        )
        return Plan(studio, tuple(self._planned(specs, studio, problems)))

    def _planned(
        self, specs: Sequence[PlotSpec], studio: Studio, problems: list[Problem]
    ) -> list[Drawing | Refusal]:
        """All figures of all plots, with their graphs built; every problem at once."""
        drawings: list[Drawing | Refusal] = []
        if specs and self.dm is None:
            problems.append(Problem("no-data", "there is no data tree", mend="Pass `dm`."))
            specs = ()
        for spec in specs:
            try:
                tasks: Sequence[Task] = self._creators[spec.creator].plan(spec, self.dm)
                drawings += studio.plan_all(tasks)
            except UserError as error:
                problems += error.problems
        if problems:
            raise UserError(*sorted(dict.fromkeys(problems), key=_line))
        return drawings

    def _draw_one(self, studio: Studio, drawing: Drawing | Refusal) -> Sequence[Figure]:
        spec = drawing.task.spec
        raise_exc = spec.get("debug", spec.get("raise_exc", self.settings.raise_exc))
        figures = studio.draw(drawing)
        self._info += [figure.as_dict() for figure in figures]
        failed = [figure for figure in figures if figure.status == "failed"]
        if failed:
            _log.error("%s failed: %s", drawing.task.stem, "\n".join(map(str, failed[0].problems)))
            if raise_exc:
                raise UserError(*failed[0].problems)
        return figures

    def _save(self, spec: PlotSpec, place: Place, figures: Sequence[Figure]) -> None:
        """Save the plot's configuration beside what was drawn of it."""
        drawn = any(figure.status != "failed" for figure in figures)
        if drawn and spec.get("save_plot_cfg", self.settings.save_plot_cfg):
            saved = save_configuration(spec, place, self.settings.cfg_exists_action)
            self._saved += [saved] if saved else []

    def _read_defaults(self) -> Defaults:
        names = {id(entry): name for name, entry in reversed(self._creators.items())}
        defaults = Defaults(
            {name: names[id(entry)] for name, entry in self._creators.items()},
            self.settings.default_creator,
            self.settings.auto_detect_creator,
            self.settings.creator_init_kwargs,
            {names[id(entry)]: entry.keys for entry in self._creators.values()},
        )
        defaults.check()
        return defaults

    def _pools(self) -> Pools:
        return [(str(label), load(pool).value) for label, pool in self.settings.base_cfg_pools]


def _unique(drawings: Sequence[Drawing | Refusal]) -> Iterator[PlotSpec]:
    seen: set[str] = set()
    for drawing in drawings:
        if drawing.task.spec.name not in seen:
            seen.add(drawing.task.spec.name)
            yield drawing.task.spec


def _line(problem: Problem) -> int:
    return (problem.where.line or 0) if problem.where else 0
