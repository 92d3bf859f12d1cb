"""Catalogs: sources by identifier and version, to be looked up, sliced, joined and written."""

from __future__ import annotations

import inspect
import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Self, TypeAlias, cast

from whence.artifacts.source import CatalogKey, Source, sources
from whence.base.error import UserError
from whence.base.problem import did_you_mean

Held: TypeAlias = dict[str, dict[int, Any]]


class UnknownSource(UserError, KeyError):  # noqa: N818
    """A catalog has no such source; it is a `KeyError` too."""

    __str__ = UserError.__str__


@dataclass(frozen=True, slots=True, eq=False)
class CatalogSource(Source):
    """A source as it stands in a catalog.

    Attributes
    ----------
    identifier : str
        What the catalog calls it.
    version : int
        Which one, counted from 1.
    """

    identifier: str = ""
    version: int = 1
    _catalog: Catalog | None = field(default=None, repr=False)

    @property
    def versions(self) -> dict[int, CatalogSource]:
        """All that the catalog has under this identifier, by version."""
        return {version: self[version] for version in self}

    def get_driver(self, **kwargs: Any) -> Any:
        """What reads it.

        Parameters
        ----------
        **kwargs
            For the driver, over what the source says; ``storage_options`` are merged, whatever is
            in them. A driver that takes a ``catalog`` gets the one that the source stands in.

        Raises
        ------
        UserError
            If there is no driver of that name, or it does not take what it is given.

        Examples
        --------
        >>> import tempfile, pathlib
        >>> file = pathlib.Path(tempfile.mkdtemp(), "notes.txt")
        >>> _ = file.write_text("hello")
        >>> catalog = Catalog({"notes": Source("file", {"url": str(file)})})
        >>> with catalog["notes"].get_driver().open() as opened:
        ...     opened.read()
        'hello'
        """
        from whence.artifacts.filesystem import register
        from whence.formats import driver

        register()
        given = {**self.driver_kwargs, **kwargs}
        options = [found.get("storage_options") for found in (self.driver_kwargs, kwargs)]
        if not all(option is None or isinstance(option, Mapping) for option in options):
            told = f"the storage_options of {self.identifier!r} are no mapping"
            raise UserError.of("bad-source", told)
        if any(options):
            given["storage_options"] = _merged(*(option or {} for option in options))
        made = driver(self.driver_name)
        if self._catalog is not None and "catalog" not in given and _takes(made, "catalog"):
            given["catalog"] = self._catalog
        self._check(made, given)
        return made(**given)

    def plain(self) -> Source:
        """The source without its place in a catalog."""
        return Source(self.driver_name, self.driver_kwargs, self.metadata)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CatalogSource):
            return NotImplemented
        return _facts(self) == _facts(other)

    __hash__ = None  # type: ignore[assignment]

    def __getitem__(self, version: int) -> CatalogSource:
        return self._held[self.identifier, version]

    def __setitem__(self, version: int, source: Source) -> None:
        self._held[self.identifier, version] = source

    def __delitem__(self, version: int) -> None:
        del self._held[self.identifier, version]

    def __contains__(self, version: object) -> bool:
        return (self.identifier, version) in self._held

    def __iter__(self) -> Iterator[int]:
        return iter(self._held.numbers(self.identifier))

    def __len__(self) -> int:
        return len(self._held.numbers(self.identifier))

    def _check(self, made: Callable[..., Any], given: Mapping[str, Any]) -> None:
        signature = _signature(made)
        try:
            if signature is not None:
                signature.bind(**given)
        except TypeError as error:
            raise UserError.of(
                "bad-source",
                f"the driver {self.driver_name!r} of {self.identifier!r}: {error}",
                mend=f"Its driver_kwargs are those of {self.driver_name}{signature}.",
            ) from None

    @property
    def _held(self) -> Catalog:
        if self._catalog is None:
            raise UserError.of("no-catalog", f"{self.identifier!r} stands in no catalog")
        return self._catalog


class NoSource:
    """What a catalog gives for an identifier that it has not: versions can be put into it.

    Anything else that is asked of it raises `UnknownSource`.
    """

    def __init__(self, catalog: Catalog, identifier: str) -> None:
        self._catalog, self._identifier = catalog, identifier

    def __repr__(self) -> str:
        return f"<no source {self._identifier!r} in {self._catalog!r}>"

    def __setitem__(self, version: int, source: Source) -> None:
        self._catalog[self._identifier, version] = source

    def __contains__(self, version: object) -> bool:
        return False

    def __len__(self) -> int:
        return 0

    def __iter__(self) -> Iterator[int]:
        return iter(())

    def __getitem__(self, version: int) -> CatalogSource:
        raise self._catalog.unknown(self._identifier)

    def __getattr__(self, name: str) -> Any:
        if name[:2] == "__":  # Python asks for such to see what an object can do
            raise AttributeError(name)
        raise self._catalog.unknown(self._identifier)


Key: TypeAlias = str | tuple[str, int]


class Catalog(MutableMapping[Any, Any]):
    """Sources by identifier, each in any number of versions, counted from 1.

    ``catalog["x"] = source`` adds a version, ``catalog["x"]`` is the latest; ``catalog["x", 2]``
    and ``catalog["x"][2]`` are version 2, to be looked up, set or deleted. Iterating gives pairs
    of identifier and latest version; `len` counts identifiers.

    Parameters
    ----------
    sources : mapping, optional
        Identifiers, or pairs of identifier and version, and their sources; of another catalog all
        versions are taken.

    Examples
    --------
    >>> catalog = Catalog({"rain": Source("csv", {"url": "rain-1.csv"})})
    >>> catalog["rain"] = Source("csv", {"url": "rain-2.csv"})
    >>> catalog["rain"].version, sorted(catalog["rain"].versions)
    (2, [1, 2])
    >>> ("rain", 3) in catalog, list(catalog.keys())
    (False, ['rain'])
    """

    def __init__(self, sources: Mapping[Any, Source] | None = None) -> None:
        self._held: Held = {}
        self._build: Callable[[Any], Source] | None = None
        self.update(sources or {})

    @classmethod
    def later(cls, held: Held, build: Callable[[Any], Source]) -> Self:
        """A catalog whose sources are made by `build` when they are asked for.

        Parameters
        ----------
        held : dict
            What `build` is given, by identifier and version.
        build : callable
            Gives the source.
        """
        catalog = cls()
        catalog._held, catalog._build = held, build
        return catalog

    def __getitem__(self, key: Key) -> CatalogSource:
        identifier, version = _split(key)
        numbers = self._held.get(identifier)
        if not numbers:
            if isinstance(key, str):
                return cast("CatalogSource", NoSource(self, identifier))
            raise self.unknown(identifier)
        number = max(numbers) if version == -1 else version
        if number not in numbers:
            raise self.unknown(identifier, number)
        source = numbers[number]
        if not isinstance(source, Source):
            assert self._build is not None
            source = numbers[number] = self._build(source)
        told = (source.driver_name, source.driver_kwargs, source.metadata)
        return CatalogSource(*told, identifier, number, self)

    def __setitem__(self, key: Key, source: Source) -> None:
        identifier, version = _split(key)
        if not isinstance(source, Source):
            raise UserError.of("bad-source", f"{source!r} is no source for {identifier!r}")
        numbers = self._held.setdefault(identifier, {})
        if isinstance(key, str) or version == -1:
            version = max(numbers, default=0) + 1
        if version < 1:
            raise UserError.of("bad-version", f"no version of {identifier!r} can be {version}")
        numbers[version] = Source(source.driver_name, source.driver_kwargs, source.metadata)

    def __delitem__(self, key: Key) -> None:
        identifier = _split(key).identifier
        if identifier not in self._held:
            raise self.unknown(identifier)
        if isinstance(key, str):
            del self._held[identifier]
            return
        number = self[key].version
        del self._held[identifier][number]
        if not self._held[identifier]:
            del self._held[identifier]

    def __contains__(self, key: object) -> bool:
        identifier, version = _split(cast("Key", key))
        numbers = self._held.get(identifier, {})
        return version in numbers or (version == -1 and bool(numbers))

    def __iter__(self) -> Iterator[tuple[str, CatalogSource]]:
        return ((identifier, self[identifier]) for identifier in list(self._held))

    def __len__(self) -> int:
        return len(self._held)

    def keys(self) -> Any:
        """The identifiers."""
        return self._held.keys()

    def values(self) -> Any:
        """The latest version of each."""
        return [source for _, source in self]

    def items(self) -> Any:
        """Identifiers and the latest version of each."""
        return list(self)

    def get(self, key: Key, default: Any = None) -> Any:
        """The source, or `default` if there is none."""
        return self[key] if key in self else default  # noqa: SIM401  (what `get` is made of)

    # What a mapping does with its keys goes wrong where iterating gives pairs.

    def update(self, other: Any = (), /, **more: Any) -> None:
        """Put sources in, as the constructor does.

        Raises
        ------
        UserError
            If it is neither a mapping nor made of pairs.
        """
        given = other._all() if isinstance(other, Catalog) else other
        if not isinstance(given, Mapping):
            given = list(given) if isinstance(given, Iterable) else None
            if given is None or any(not isinstance(one, tuple) or len(one) != 2 for one in given):
                raise UserError.of(
                    "bad-catalog",
                    f"a catalog cannot be made of {other!r}",
                    mend="Give a mapping of identifiers to sources; Catalog.from_files reads YAML.",
                )
        super().update(given, **more)

    def setdefault(self, key: Key, default: Any = None) -> Any:
        """The source; if there is none, `default` is put in first."""
        if key not in self:
            self[key] = default
        return self[key]

    def pop(self, key: Key, *default: Any) -> Any:
        """The source, taken out with all versions of its identifier, or only the one asked for."""
        if default and key not in self:
            return default[0]
        found = self[key]
        del self[key]
        return found

    def popitem(self) -> tuple[str, Any]:
        """The identifier that came last and its latest version, taken out with all others."""
        if not self._held:
            raise UnknownSource.of("unknown-source", "the catalog is empty")
        identifier = next(reversed(self._held))
        return identifier, self.pop(identifier)

    def clear(self) -> None:
        """Take everything out."""
        self._held.clear()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Catalog):
            return NotImplemented
        return self._all() == other._all()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        shown = ", ".join(f"{name} ({len(found)})" for name, found in list(self._held.items())[:6])
        return f"<Catalog of {len(self)}: {shown}{', …' if len(self) > 6 else ''}>"

    def numbers(self, identifier: str) -> list[int]:
        """The versions of an identifier, sorted."""
        return sorted(self._held.get(identifier, {}))

    def unknown(self, identifier: str, version: int | None = None) -> UnknownSource:
        """The error for what is not there."""
        if version is not None:
            known = ", ".join(map(str, self.numbers(identifier)[-10:]))
            told = f"the catalog has no version {version} of {identifier!r}"
            return UnknownSource.of("unknown-source", told, mend=f"There is {known}.")
        told = f"the catalog has no source {identifier!r}"
        return UnknownSource.of("unknown-source", told, mend=did_you_mean(identifier, self._held))

    def copy(self) -> Catalog:
        """Another catalog with the same sources, which shares nothing with this one."""
        return Catalog({key: deepcopy(source) for key, source in self._all().items()})

    def slice(self, identifiers: Iterable[str]) -> Catalog:
        """All versions of some identifiers.

        Raises
        ------
        UnknownSource
            If one of them is not there.
        """
        wanted = dict.fromkeys(identifiers)
        for identifier in wanted:
            if identifier not in self._held:
                raise self.unknown(identifier)
        return Catalog({key: source for key, source in self._all().items() if key[0] in wanted})

    def union(self, other: Catalog) -> Catalog:
        """What either has; where both have the same version, the other's."""
        return Catalog({**self._all(), **other._all()})

    def join(self, other: Catalog) -> Catalog:
        """What either has, where no identifier is in both.

        Raises
        ------
        UserError
            If one is.
        """
        both = sorted(set(self._held) & set(other._held))
        if both:
            raise UserError.of(
                "same-source",
                f"both catalogs have {', '.join(map(repr, both[:5]))}",
                mend="`union` lets the second one win.",
            )
        return self.union(other)

    def intersection(self, other: Catalog) -> Catalog:
        """The versions that both have.

        Raises
        ------
        UserError
            If they are not the same.
        """
        mine, theirs = self._all(), other._all()
        both = {key: source for key, source in mine.items() if key in theirs}
        for (identifier, version), source in both.items():
            if source != theirs[identifier, version]:
                raise UserError.of(
                    "different-source", f"version {version} of {identifier!r} is not the same"
                )
        return Catalog(both)

    def difference(self, other: Catalog) -> Catalog:
        """The versions that only one of the two has, whichever it is."""
        mine, theirs = self._all(), other._all()
        apart = mine.keys() ^ theirs.keys()
        return Catalog({key: s for key, s in {**theirs, **mine}.items() if key in apart})

    def filter(self, predicate: Callable[[CatalogSource], bool]) -> Catalog:
        """The versions that a function says yes to."""
        return Catalog({key: s for key, s in self._all().items() if predicate(self[key])})

    def to_file(self, path: str | os.PathLike[str], **options: Any) -> None:
        """Write it as YAML, which `from_files` reads; `options` are for fsspec."""
        from whence.artifacts.catalog_file import write

        write(self, os.fspath(path), options)

    def to_str(self) -> str:
        """The catalog as YAML text."""
        from whence.artifacts.catalog_file import text

        return text(self)

    @classmethod
    def from_str(cls, text: str) -> Catalog:
        """The catalog that YAML text says.

        Raises
        ------
        UserError
            For every problem in the text.
        """
        from whence.artifacts.catalog_file import parse

        return parse(text)

    @classmethod
    def from_files(cls, paths: Iterable[str | os.PathLike[str]], **options: Any) -> Catalog:
        """The join of the catalogs in YAML files; `options` are for fsspec."""
        from whence.artifacts.catalog_file import read

        return read([os.fspath(path) for path in paths], options)

    @classmethod
    def from_dirs(cls, folders: Iterable[str | os.PathLike[str]], **options: Any) -> Catalog:
        """The join of the catalogs in all ``*.yaml`` files of some folders."""
        from whence.artifacts.catalog_file import files_in, read

        return read([file for f in folders for file in files_in(os.fspath(f), options)], options)

    @classmethod
    def from_plugins(cls) -> Catalog:
        """The sources that installed packages offer, and those of `register_source`.

        The former are entry points ``whence.sources``: each is a catalog, a mapping of identifiers
        to sources, or a function that gives one. One that cannot be loaded is warned of, and left
        out.
        """
        from importlib.metadata import entry_points

        found = Catalog()
        for point in entry_points(group="whence.sources"):
            try:
                offered = point.load()
                found.update(Catalog(offered() if callable(offered) else offered))
            except Exception as error:  # the package's own code may raise anything
                told = f"the sources {point.name!r} ({point.value}): {error}"
                warnings.warn(told, stacklevel=2)
        found.update(sources())
        return found

    def _all(self) -> dict[tuple[str, int], Source]:
        return {
            (identifier, number): self[identifier, number].plain()
            for identifier, numbers in self._held.items()
            for number in sorted(numbers)
        }


def _split(key: Key) -> CatalogKey:
    if isinstance(key, str):
        return CatalogKey(key)
    if isinstance(key, tuple) and len(key) == 2:
        identifier, version = key
        if isinstance(identifier, str) and type(version) is int:
            return CatalogKey(identifier, version)
    raise TypeError(f"a catalog is asked by identifier, or identifier and version, not by {key!r}")


def _facts(source: CatalogSource) -> tuple[Any, ...]:
    return source.plain(), source.identifier, source.version


def _signature(made: Callable[..., Any]) -> inspect.Signature | None:
    """What a function or class takes; None if it does not tell."""
    try:
        return inspect.signature(made)
    except (TypeError, ValueError):
        return None


def _takes(made: Callable[..., Any], name: str) -> bool:
    signature = _signature(made)
    found = signature.parameters.values() if signature is not None else ()
    return any(one.name == name or one.kind is one.VAR_KEYWORD for one in found)


def _merged(mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(mine)
    for key, value in theirs.items():
        both = isinstance(value, Mapping) and isinstance(found.get(key), Mapping)
        found[key] = _merged(found[key], value) if both else value
    return found
