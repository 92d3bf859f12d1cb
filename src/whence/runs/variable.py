"""Environment variables that matter to a result: chosen by name, secrets never."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Iterable, Mapping, Sequence

from whence.base.error import UserError

# How many threads, which devices, which libraries and modules: what changes numbers and speed.
USUAL = (
    "OMP_*",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "CUDA_VISIBLE_DEVICES",
    "HIP_VISIBLE_DEVICES",
    "ROCR_VISIBLE_DEVICES",
    "PYTHONPATH",
    "PYTHONHASHSEED",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "LOADEDMODULES",
    "CONDA_DEFAULT_ENV",
    "VIRTUAL_ENV",
)
_SECRET = re.compile(
    "TOKEN|KEY|SECRET|PASS|CREDENTIAL|COOKIE|PRIVATE|AUTH|SIGNATURE|SESSION", re.IGNORECASE
)
_LOGIN = re.compile(r"(?<=://)[^/@\s]+@")
_LONGEST = 32_768  # bytes; the longest of modules systems are below it


def variables(
    wanted: Iterable[str] = (), environment: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """The variables that are recorded: the usual ones, and those wanted.

    Parameters
    ----------
    wanted : iterable of str
        Names or patterns like ``SOLVER_*``. What patterns find is left out if its name is one of
        a secret.
    environment : mapping
        The variables there are.

    Raises
    ------
    UserError
        If one is asked for by a name of a secret.

    Examples
    --------
    >>> there = {"SOLVER_TOL": "1e-3", "SOLVER_API_KEY": "hush", "HOME": "/home/me"}
    >>> variables(["SOLVER_*"], there)
    {'SOLVER_TOL': '1e-3'}
    """
    asked = [wanted] if isinstance(wanted, str) else list(wanted)
    return chosen(USUAL, environment) | chosen(asked, environment)


def chosen(patterns: Sequence[str], environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The variables that names or patterns find, and no others.

    Raises
    ------
    UserError
        If one is asked for by a name of a secret.
    """
    for pattern in patterns:
        if not any(letter in pattern for letter in "*?[") and is_secret(pattern):
            raise UserError.of(
                "secret-variable",
                f"the variable {pattern!r} is not recorded: its name is one of a secret",
                mend="Note what matters of it with update_metadata, if it is no secret.",
            )
    found = {}
    for name in sorted(environment):
        wanted = any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
        if wanted and not is_secret(name) and len(environment[name]) <= _LONGEST:
            found[name] = without_login(environment[name])
    return found


def is_secret(name: str) -> bool:
    """Whether a variable's name is one of a secret."""
    return _SECRET.search(name) is not None


def without_login(text: str) -> str:
    """A text without the user names and passwords in its URLs."""
    return _LOGIN.sub("", text)
