"""Catalogs as YAML, the way squirrel writes them too."""

from __future__ import annotations

import re
from typing import Any

from whence.artifacts.catalog import Catalog
from whence.artifacts.source import CatalogKey, Source
from whence.base import yaml
from whence.base.error import UserError
from whence.base.problem import Problem, Where, did_you_mean

_VERSION = "0.20.2"  # of squirrel, whose catalogs of that version mean what these do
_OLDEST = (0, 4)
_SOURCE = ("identifier", "driver_name", "driver_kwargs", "version", "metadata")


class _Tagged:
    """A value that is written with a tag."""

    def __init__(self, tag: str, value: Any) -> None:
        self._node = tag, value

    def yaml_node(self) -> tuple[str, Any]:
        return self._node


def text(catalog: Catalog) -> str:
    """The catalog as YAML text."""
    sources = [
        _Tagged(
            "!YamlSource",
            {
                "identifier": identifier,
                "driver_name": source.driver_name,
                "driver_kwargs": dict(source.driver_kwargs),
                "version": version,
                "metadata": dict(source.metadata),
            },
        )
        for identifier in catalog.keys()  # noqa: SIM118  (iterating gives pairs)
        for version, source in catalog[identifier].versions.items()
    ]
    return yaml.dump(_Tagged("!YamlCatalog", {"version": _VERSION, "sources": sources}))


def parse(text: str, file: str | None = None) -> Catalog:
    """The catalog that YAML text says.

    Raises
    ------
    UserError
        For every problem in the text.
    """
    document = yaml.parse(text, file=file, tags=_TAGS)
    found = document.value
    if isinstance(found, Catalog):
        return found
    raise UserError.of(
        "no-catalog",
        "this is no catalog",
        where=document.where(),
        mend="A catalog begins with the tag !YamlCatalog.",
    )


def write(catalog: Catalog, path: str, options: dict[str, Any]) -> None:
    """Write the catalog to a file or URL."""
    import fsspec

    said = text(catalog)
    try:
        with fsspec.open(path, "w", encoding="utf-8", **options) as file:
            file.write(said)
    except (OSError, ValueError, ImportError) as error:
        raise _unusable("write", path, error) from error


def read(paths: list[str], options: dict[str, Any]) -> Catalog:
    """The join of the catalogs in files.

    Raises
    ------
    UserError
        If one cannot be read, or two have the same identifier.
    """
    import fsspec

    found = Catalog()
    for path in paths:
        try:
            with fsspec.open(path, "r", encoding="utf-8", **options) as file:
                said = file.read()
        except (OSError, ValueError, ImportError) as error:  # it may be no UTF-8
            raise _unusable("read", path, error) from error
        found = found.join(parse(said, path))
    return found


def files_in(folder: str, options: dict[str, Any]) -> list[str]:
    """The YAML files of a folder, sorted."""
    from fsspec.core import url_to_fs

    try:
        fs, path = url_to_fs(folder, **options)
        found = fs.ls(path, detail=False)
    except (OSError, ValueError, ImportError) as error:
        raise _unusable("list", folder, error) from error
    return [fs.unstrip_protocol(name) for name in sorted(found) if name.endswith((".yaml", ".yml"))]


def _unusable(doing: str, path: str, error: Exception) -> UserError:
    reason = getattr(error, "strerror", None) or str(error)
    return UserError.of("unreadable-file", f"cannot {doing} {path!r}: {reason}")


def _key(value: Any, where: Where) -> CatalogKey:
    match value:
        case [str(identifier)]:
            return CatalogKey(identifier)
        case [str(identifier), int(version)]:
            return CatalogKey(identifier, version)
        case {"identifier": str(identifier)}:
            return CatalogKey(identifier, int(value.get("version", -1)))
    raise ValueError("a catalog key is [identifier, version]")


def _source(value: Any, where: Where) -> tuple[CatalogKey, Source]:
    if not isinstance(value, dict):
        raise ValueError("a source is a mapping")
    for name in value:
        if name not in _SOURCE:
            path = Where(path=(name,))
            told, near = f"a source has no {name!r}", did_you_mean(str(name), _SOURCE)
            raise UserError(Problem("unknown-key", told, path, near))
    identifier, version = value.get("identifier"), value.get("version", 1)
    if not isinstance(identifier, str) or type(version) is not int or version < 1:
        raise ValueError("a source needs an identifier, and a version from 1 on")
    if not isinstance(value.get("driver_name"), str):
        raise ValueError(f"the source {identifier!r} needs a driver_name")
    kwargs, metadata = value.get("driver_kwargs") or {}, value.get("metadata") or {}
    return CatalogKey(identifier, version), Source(value["driver_name"], kwargs, metadata)


def _catalog(value: Any, where: Where) -> Catalog:
    if not isinstance(value, dict) or not isinstance(value.get("sources") or [], list):
        raise ValueError("a catalog is a mapping with a list of sources")
    _check_version(value.get("version"))
    catalog = Catalog()
    for number, item in enumerate(value.get("sources") or []):
        if not (isinstance(item, tuple) and isinstance(item[1], Source)):
            path = Where(path=("sources", number))
            raise UserError(Problem("bad-source", "a source begins with !YamlSource", path))
        key, source = item
        if key in catalog:
            path = Where(path=("sources", number))
            told = f"version {key.version} of {key.identifier!r} is there twice"
            raise UserError(Problem("same-source", told, path))
        catalog[key] = source
    return catalog


def _check_version(version: Any) -> None:
    """Refuse what squirrel wrote before catalogs had this form."""
    told = re.match(r"(\d+)\.(\d+)", str(version))
    if told and (int(told[1]), int(told[2])) < _OLDEST:
        old = f"a catalog of version {version} has another form; those from 0.4 on are read"
        raise UserError(Problem("old-catalog", old, Where(path=("version",))))


_TAGS: yaml.Tags = {"!CatalogKey": _key, "!YamlSource": _source, "!YamlCatalog": _catalog}
