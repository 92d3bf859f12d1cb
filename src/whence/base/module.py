"""Python files as modules of names that are given."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from whence.base.error import UserError


def load_file(path: Path, name: str) -> ModuleType:
    """Run a file as the module of that name; what it raises passes through.

    Raises
    ------
    UserError
        If Python takes it for no module.
    """
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UserError.of(
            "bad-python",
            f"{str(path)!r} is no Python module",
            mend="Give it a name that ends in `.py`.",
        )
    module = importlib.util.module_from_spec(spec)
    before = sys.modules.get(name)
    sys.modules[name] = module  # before it runs: dataclasses look their own module up there
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        if before is not None:
            sys.modules[name] = before
        raise
    return module
