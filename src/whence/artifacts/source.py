"""Where data lies and what reads it: one entry of a catalog."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from whence.base.error import UserError
from whence.base.registry import Registry


@dataclass(frozen=True, slots=True)
class Source:
    """Data and its driver.

    Attributes
    ----------
    driver_name : str
        What reads it: ``csv``, ``directory``, ``zarr``, … (see `whence.formats.drivers`).
    driver_kwargs : mapping
        What the driver is given: ``url``, ``storage_options``, and more as it needs.
    metadata : mapping
        Whatever else is to be known.

    Examples
    --------
    >>> Source("csv", {"url": "s3://weather/2026.csv"}).driver_kwargs["url"]
    's3://weather/2026.csv'
    """

    driver_name: str
    driver_kwargs: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.driver_name, str) or not self.driver_name:
            raise UserError.of("bad-source", f"{self.driver_name!r} names no driver")
        for name in ("driver_kwargs", "metadata"):
            if not isinstance(getattr(self, name), Mapping):
                raise UserError.of(
                    "bad-source",
                    f"the {name} of a source cannot be {getattr(self, name)!r}",
                    mend="Give a mapping of names to values.",
                )


class CatalogKey(NamedTuple):
    """An identifier and a version, counted from 1; -1 is the latest."""

    identifier: str
    version: int = -1

    def yaml_node(self) -> tuple[str, list[Any]]:
        """How it is written in YAML: ``!CatalogKey [id, 2]``."""
        return "!CatalogKey", [self.identifier, self.version]


@functools.cache
def sources() -> Registry[Source]:
    """The sources that this process has registered, by identifier."""
    return Registry("source")


def register_source(identifier: str, source: Source, *, replace: bool = False) -> Source:
    """Have `Catalog.from_plugins` give a source that no package offers.

    It is an entry of the one registry of sources, which this process has to itself.

    Parameters
    ----------
    identifier : str
        What catalogs call it.
    source : Source
    replace : bool
        Put it in the place of another one of that identifier.

    Returns
    -------
    Source
        What was given.

    Raises
    ------
    UserError
        If it is no source, or another one has that identifier.

    Examples
    --------
    >>> from whence import Catalog
    >>> _ = register_source("rain", Source("csv", {"url": "rain.csv"}))
    >>> Catalog.from_plugins()["rain"].driver_name
    'csv'
    """
    if not isinstance(source, Source) or not isinstance(identifier, str):
        raise UserError.of("bad-source", f"{source!r} is no source for {identifier!r}")
    if sources().get(identifier) == source:
        return source
    return sources().add(identifier, source, replace=replace)
