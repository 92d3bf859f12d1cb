"""What a figure was made of, as a value that travels inside the figure's file."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from whence.base.digest import digest_value
from whence.base.error import UserError

FORMATS: Mapping[str, str] = {
    "pdf": "application/pdf",
    "png": "image/png",
    "svg": "image/svg+xml",
}

_MARK = "whence_recipe"
_VERSION = 1
_MOST_DIGESTS = 40
_LARGEST_CONFIGURATION = 16_384
_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True)
class Inputs:
    """The files a figure's data came from, by the digests of their content.

    Attributes
    ----------
    count : int
        How many there are.
    digest : str
        The digest of the sorted list of all their digests.
    digests : tuple of str
        The first 40 of that list.
    """

    count: int = 0
    digest: str = field(default_factory=lambda: digest_value([]))
    digests: tuple[str, ...] = ()

    @classmethod
    def of(cls, digests: Iterable[str]) -> Inputs:
        """The account of these files; equal content counts once."""
        known = sorted(set(digests))
        return cls(len(known), digest_value(known), tuple(known[:_MOST_DIGESTS]))


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a figure was made of: equal recipes give equal bytes.

    It names no run, time, host, user or folder.

    Attributes
    ----------
    plot : str
        The plot's name; for one of a series with the state, as its file is named.
    configuration : mapping or None
        The plot's configuration as plain JSON; None if it is large.
    configuration_digest : str
        The digest of the whole configuration.
    data : str
        The digest of what was drawn: the keys of the graph's nodes, which cover the content of
        the data, the arguments and the code of the operations.
    inputs : Inputs
        The files that were read.
    function : mapping
        The name of the plot function, and the digest of its code.
    code : mapping
        ``digest`` (and ``commit``) of the project's code, as far as known.
    libraries : mapping
        Names and versions of the libraries that draw.

    Examples
    --------
    >>> recipe = Recipe.of("walk", {"kind": "line"}, data="ab", inputs=["cd"])
    >>> recipe.inputs.count
    1
    >>> Recipe.from_json(recipe.as_json()) == recipe
    True
    """

    plot: str
    configuration: Mapping[str, Any] | None
    configuration_digest: str
    data: str
    inputs: Inputs = field(default_factory=Inputs)
    function: Mapping[str, str] = field(default_factory=dict)
    code: Mapping[str, Any] = field(default_factory=dict)
    libraries: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        plot: str,
        configuration: Mapping[str, Any],
        *,
        data: str,
        inputs: Iterable[str] = (),
        **made_with: Mapping[str, Any],
    ) -> Recipe:
        """The recipe of a plot; `made_with` may give `function`, `code` and `libraries`."""
        plain = plain_value(configuration)
        text = json.dumps(plain, sort_keys=True)
        small = len(text) <= _LARGEST_CONFIGURATION
        return cls(
            plot,
            plain if small else None,
            digest_value(plain),
            data,
            Inputs.of(inputs),
            **made_with,
        )

    @property
    def digest(self) -> str:
        """The digest of `identity`."""
        return digest_value(self.identity)

    @property
    def identity(self) -> dict[str, Any]:
        """What makes two recipes the same, in short."""
        return {
            "version": _VERSION,
            "plot": self.plot,
            "configuration": self.configuration_digest,
            "data": self.data,
            "inputs": [self.inputs.count, self.inputs.digest],
            "function": dict(self.function),
            "code": dict(self.code),
            "libraries": dict(self.libraries),
        }

    def as_dict(self) -> dict[str, Any]:
        """The recipe as plain data, the shape that is embedded and that ``--json`` shows."""
        return {
            _MARK: _VERSION,
            "digest": self.digest,
            "plot": self.plot,
            "configuration": self.configuration,
            "configuration_digest": self.configuration_digest,
            "data": self.data,
            "inputs": {
                "count": self.inputs.count,
                "digest": self.inputs.digest,
                "digests": list(self.inputs.digests),
            },
            "function": dict(self.function),
            "code": dict(self.code),
            "libraries": dict(self.libraries),
        }

    def as_json(self) -> str:
        """The recipe as one line of ASCII JSON."""
        return json.dumps(self.as_dict(), sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Recipe | None:
        """The recipe that `as_json` wrote; None if the text is something else.

        Raises
        ------
        UserError
            If it is a recipe that was altered, or of a newer version of whence.
        """
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            return None
        if not isinstance(data, dict) or _MARK not in data:
            return None
        if data[_MARK] != _VERSION:
            raise UserError.of(
                "newer-recipe",
                f"the recipe is of version {data[_MARK]!r}, and this whence knows {_VERSION}",
                mend="Upgrade with `pip install -U whence`.",
            )
        try:
            recipe = cls._from_dict(data)
            intact = recipe.digest == data["digest"] and recipe._configuration_fits()
        except (KeyError, TypeError, ValueError, AttributeError, UserError):
            intact = False
        if not intact:
            raise _damaged("the recipe does not agree with its own digest")
        return recipe

    @classmethod
    def _from_dict(cls, data: Mapping[str, Any]) -> Recipe:
        inputs = data["inputs"]
        return cls(
            data["plot"],
            data["configuration"],
            data["configuration_digest"],
            data["data"],
            Inputs(inputs["count"], inputs["digest"], tuple(inputs["digests"])),
            data["function"],
            data["code"],
            data["libraries"],
        )

    def _configuration_fits(self) -> bool:
        return (
            self.configuration is None
            or digest_value(self.configuration) == self.configuration_digest
        )


def plain_value(value: Any) -> Any:
    """The value as plain JSON data that reads well; what YAML tags built becomes ``{tag: …}``."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else repr(value)
    if isinstance(value, Mapping):
        return {str(key): plain_value(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_value(item) for item in value]
    node = getattr(value, "yaml_node", None)
    if callable(node):
        tag, inner = node()
        return {tag: plain_value(inner)}
    if isinstance(value, slice):
        return {"!slice": plain_value([value.start, value.stop, value.step])}
    if hasattr(value, "tolist"):
        return plain_value(value.tolist())
    if callable(value):
        return f"{value.__module__}.{value.__qualname__}"
    return str(value)


def metadata(recipe: Recipe, format_: str) -> dict[str, Any]:
    """What matplotlib is to write into a file's metadata, with nothing that varies."""
    text = recipe.as_json()
    if format_ == "pdf":
        return {"Creator": "whence", "CreationDate": None, "Title": recipe.plot, "Keywords": text}
    if format_ == "png":
        return {"Software": "whence", "whence": text}
    return {"Creator": "whence", "Date": None, "Title": recipe.plot, "Keywords": [text]}


def read_recipe(path: str | os.PathLike[str]) -> Recipe | None:
    """The recipe embedded in a figure's file, or None if there is none.

    The kind of file is told from its content, so a renamed figure is read too.

    Raises
    ------
    UserError
        If the file cannot be read, or holds a recipe that was damaged.
    """
    path = Path(path)
    try:
        with open(path, "rb") as file:
            head = file.read(1024)
    except OSError as error:
        raise UserError.of(
            "unreadable-file", f"cannot read {str(path)!r}: {error.strerror or error}"
        ) from None
    if head.startswith(_PNG):
        return _first(_png_texts(path))
    if b"%PDF-" in head:
        return _first(_pdf_texts(path))
    if re.match(rb"\s*(\xef\xbb\xbf)?\s*<", head):
        return _first(_svg_texts(path))
    return None


def _first(texts: list[str]) -> Recipe | None:
    for text in texts:
        if recipe := Recipe.from_json(text):
            return recipe
    return None


def _png_texts(path: Path) -> list[str]:
    from PIL import Image

    try:
        with Image.open(path) as image:
            texts = dict(getattr(image, "text", {}) or {})  # reads to the end for late chunks
    except Exception as error:  # Pillow raises whatever a broken chunk leads to
        raise _damaged(f"{str(path)!r} is not a whole PNG file") from error
    return [texts["whence"]] if "whence" in texts else []


def _pdf_texts(path: Path) -> list[str]:
    import logging

    from pypdf import PdfReader

    logger = logging.getLogger("pypdf")
    level = logger.level
    logger.setLevel(logging.CRITICAL)  # it comments on every oddity of a damaged file
    try:
        found = PdfReader(path).metadata
        text = found.get("/Keywords") if found else None
        return [str(text)] if text else []
    except Exception as error:  # pypdf raises whatever a broken object leads to
        raise _damaged(f"{str(path)!r} is not a whole PDF file") from error
    finally:
        logger.setLevel(level)


def _svg_texts(path: Path) -> list[str]:
    from xml.etree import ElementTree

    try:
        root = ElementTree.parse(path).getroot()
    except (ElementTree.ParseError, LookupError, ValueError, OSError) as error:
        raise _damaged(f"{str(path)!r} is not a whole SVG file") from error
    if not root.tag.endswith("svg"):
        return []
    item = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}li"
    return [element.text for element in root.iter(item) if element.text]


def _damaged(message: str) -> UserError:
    return UserError.of(
        "damaged-figure",
        message,
        mend="Take a fresh copy of the figure; its digest may still be known to the store.",
    )
