"""Where data lies and what reads it: one entry of a catalog."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from whence.base.error import UserError


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
