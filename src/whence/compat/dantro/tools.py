"""`dantro.tools`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from whence.base import yaml

__all__ = ["load_yml", "write_yml"]


def load_yml(path: str | os.PathLike[str]) -> Any:
    """What a YAML file says, with the tags of parameter spaces and transformations."""
    from whence.params import yaml_tags as of_spaces
    from whence.transform import yaml_tags as of_transformations

    return yaml.read(os.path.expanduser(path), {**of_spaces(), **of_transformations()}).value


def write_yml(d: Any, *, path: str | os.PathLike[str]) -> None:
    """Write a value as a YAML file; its folder is made if need be."""
    target = Path(os.path.expanduser(path))
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(yaml.dump(d), encoding="utf-8")
