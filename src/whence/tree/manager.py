"""The root of a data tree, which loads data into itself as a configuration says."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from whence.base.error import UserError
from whence.base.yaml import Document, read
from whence.tree.entry import EXISTS_ACTIONS, LoadEntry, Section, entries
from whence.tree.group import OrderedDataGroup
from whence.tree.load import HDF5_MAP, Mapped, carry_out
from whence.tree.plan import plan

LoadConfig = Mapping[str, Any] | str | os.PathLike[str] | Document | Section
Progress = Callable[[int, int, str], None]

_TIMESTAMP = "%y%m%d-%H%M%S"


class DataManager(OrderedDataGroup):
    """A data tree over the files of one folder. Nothing is read before it is used.

    Subclasses may name group classes of their own in ``_DATA_GROUP_CLASSES`` and map the
    objects of HDF5 files to classes in ``_HDF5_GROUP_MAP`` and ``_HDF5_DSET_MAP``.

    Parameters
    ----------
    data_dir : path-like
        The folder.
    name : str, optional
        The name of the tree; the folder's name with ``_Manager`` if not given.
    load_cfg : mapping, path, Document or Section, optional
        What to load; see `load`.
    out_dir : str or False
        Where output belonging to the data goes, relative to `data_dir`; may use ``{name:}`` and
        ``{timestamp:}``. False for none.
    out_dir_kwargs : mapping, optional
        ``timestamp`` (seconds since 1970), ``timefstr`` (its format), ``exist_ok``.
    create_groups : list of str or mapping, optional
        Groups to make at once: a path, or ``path`` and ``Cls``.
    condensed_tree_params : mapping, optional
        ``max_level`` and ``condense_thresh`` of the condensed tree.
    """

    _BASE_LOAD_CFG: ClassVar[LoadConfig | None] = None
    _DEFAULT_GROUPS: ClassVar[Iterable[Any]] = ()
    _HDF5_GROUP_MAP: ClassVar[Mapping[str, Any]] = HDF5_MAP
    _HDF5_DSET_MAP: ClassVar[Mapping[str, Any]] = {}
    _HDF5_MAP_FROM_ATTR: ClassVar[str | None] = None

    def __init__(
        self,
        data_dir: str | os.PathLike[str],
        *,
        name: str | None = None,
        load_cfg: LoadConfig | None = None,
        out_dir: str | bool | None = "_output/{timestamp:}",
        out_dir_kwargs: Mapping[str, Any] | None = None,
        create_groups: Iterable[Any] | None = None,
        condensed_tree_params: Mapping[str, Any] | None = None,
    ) -> None:
        folder = Path(os.path.abspath(os.path.expanduser(data_dir)))
        if not folder.is_dir():
            raise UserError.of(
                "no-such-folder",
                f"there is no data folder {folder}",
                mend="Give the folder that the simulations wrote to.",
            )
        super().__init__(name=name or f"{folder.name}_Manager")
        self.load_cfg = load_cfg if load_cfg is not None else self._BASE_LOAD_CFG
        self._condensed = _condensed(condensed_tree_params or {})
        for spec in (*self._DEFAULT_GROUPS, *(create_groups or ())):
            self._create_group(spec)
        if self.load_cfg is not None and not isinstance(self.load_cfg, (str, os.PathLike)):
            entries(self.load_cfg)  # a mistake in it is told now, not when it is used
        self.dirs: dict[str, Path | None] = {"data": folder, "out": None}
        if out_dir:
            self.dirs["out"] = _out_dir(folder, str(out_dir), self.name, **(out_dir_kwargs or {}))

    def _create_group(self, spec: Any) -> None:
        if isinstance(spec, str):
            self.new_group(spec)
            return
        unknown = sorted(set(spec) - {"path", "Cls", "attrs"})
        if unknown or "path" not in spec:
            raise UserError.of(
                "bad-create-groups",
                f"`create_groups`: {f'unknown key {unknown[0]!r}' if unknown else 'no `path`'} in "
                f"{dict(spec)!r}",
                mend="An entry has `path` and may have `Cls` and `attrs`.",
            )
        self.new_group(spec["path"], Cls=spec.get("Cls"), attrs=spec.get("attrs"))

    def load_from_cfg(
        self,
        *,
        load_cfg: LoadConfig | None = None,
        update_load_cfg: Mapping[str, Any] | None = None,
        exists_action: str = "raise",
        print_tree: bool | str = False,
        progress: Progress | None = None,
    ) -> None:
        """Load data as a configuration says: all of it, or (with any problem) nothing.

        Parameters
        ----------
        load_cfg : mapping, path, Document or Section, optional
            The entries by name; what was given to the manager if left out.
        update_load_cfg : mapping, optional
            Entries, or keys of entries, to put over those.
        exists_action : str
            What to do where there is data already: ``raise``, ``skip``, ``skip_nowarn``,
            ``overwrite`` or ``overwrite_nowarn``.
        print_tree : bool or "condensed"
            Print the tree when done.
        progress : callable, optional
            Called with the number of files done, of all files, and the path just loaded.

        Raises
        ------
        UserError
            With every problem of the configuration, or of the files it asks for.
        """
        cfg = load_cfg if load_cfg is not None else self.load_cfg
        if isinstance(cfg, (str, os.PathLike)):
            cfg = read(os.path.expanduser(cfg))
        if update_load_cfg:
            plain = cfg.value if isinstance(cfg, (Document, Section)) else cfg
            cfg = _updated(plain or {}, update_load_cfg)
        self._load(entries(cfg if cfg is not None else {}), exists_action, progress)
        self._print(print_tree)

    def load(
        self,
        entry_name: str,
        *,
        exists_action: str = "raise",
        progress: Progress | None = None,
        **entry: Any,
    ) -> None:
        """Load one entry.

        Parameters
        ----------
        entry_name : str
            Its name.
        exists_action, progress
            As in `load_from_cfg`.
        **entry
            The keys of an entry as in a load configuration: ``loader``, ``glob_str``, ...
        """
        self._load(entries({entry_name: entry}), exists_action, progress)
        self._print(entry.get("print_tree", False))

    def _load(
        self, chosen: tuple[LoadEntry, ...], exists_action: str, progress: Progress | None
    ) -> None:
        if exists_action not in EXISTS_ACTIONS:
            raise UserError.of(
                "bad-value",
                f"`exists_action` is {exists_action!r}",
                mend=f"It must be one of {', '.join(EXISTS_ACTIONS)}.",
            )
        folder = self.dirs["data"]
        assert folder is not None
        mapped = Mapped(
            {**HDF5_MAP, **self._HDF5_GROUP_MAP}, self._HDF5_DSET_MAP, self._HDF5_MAP_FROM_ATTR
        )
        carry_out(self, plan(chosen, folder), mapped, exists_action, progress)

    def _print(self, which: bool | str) -> None:
        if which:
            print(self.tree_condensed if which == "condensed" else self.tree, end="\n\n")

    @property
    def tree_condensed(self) -> str:
        """The tree with long groups shortened, as text."""
        from whence.tree.show import tree_text

        return tree_text(self, **self._condensed)

    def _repr_html_(self) -> str:
        return self._card(f"of {self.dirs['data']}", **self._condensed)


def _condensed(given: Mapping[str, Any]) -> dict[str, int]:
    known = {
        "max_level": DataManager._COND_TREE_MAX_LEVEL,
        "condense_thresh": DataManager._COND_TREE_CONDENSE_THRESH,
    }
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise UserError.of(
            "unknown-key",
            f"`condensed_tree_params`: unknown key {unknown[0]!r}",
            mend=f"Known are: {', '.join(known)}.",
        )
    return {**known, **given}


def _updated(cfg: Mapping[str, Any], update: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(cfg)
    for key, value in update.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _updated(merged[key], value) if both else value
    return merged


def _out_dir(
    folder: Path,
    template: str,
    name: str,
    *,
    timestamp: float | None = None,
    timefstr: str = _TIMESTAMP,
    exist_ok: bool = False,
) -> Path:
    stamp = time.strftime(timefstr, time.localtime(timestamp))
    try:
        text = os.path.expanduser(template.format(name=name.lower(), timestamp=stamp))
    except (KeyError, IndexError, ValueError) as error:
        raise UserError.of(
            "bad-format-string",
            f"`out_dir` is {template!r}: {type(error).__name__} {error}",
            mend="It may use {name:} and {timestamp:}.",
        ) from error
    path = folder / text
    free = path
    tries = 1
    while True:
        try:
            free.mkdir(parents=True, exist_ok=exist_ok)
        except FileExistsError:
            if timestamp is not None or "{timestamp" not in template:
                raise UserError.of(
                    "existing-output",
                    f"the output folder {path} is already there",
                    mend="Choose another `out_dir`, or set `exist_ok` in `out_dir_kwargs`.",
                ) from None
            tries += 1  # two managers within one second
            free = path.with_name(f"{path.name}-{tries}")
        else:
            return free
