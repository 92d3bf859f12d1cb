"""The Python that a run uses: its version and the distributions it can import."""

from __future__ import annotations

import functools
import os
import platform
import sys
from typing import Any

import orjson


def environment() -> dict[str, Any]:
    """The Python version, its implementation, and name and version of every distribution.

    Distributions are known by the names of their ``dist-info`` folders; of those installed from
    elsewhere than an index (an editable project, say), ``direct`` keeps the URL too.
    """
    distributions: dict[str, str] = {}
    direct: dict[str, Any] = {}
    for folder in reversed(list(dict.fromkeys(sys.path))):  # the first on the path wins
        for entry in _dist_infos(folder or os.curdir):
            name, _, version = entry.removesuffix(".dist-info").partition("-")
            distributions[name] = version
            url = _direct_url(os.path.join(folder, entry))
            if url:
                direct[name] = url
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "executable": os.path.basename(sys.executable),
        "distributions": dict(sorted(distributions.items())),
        "direct": dict(sorted(direct.items())),
    }


@functools.cache
def environment_bytes() -> bytes:
    """The environment of this process as one JSON content; made once."""
    return orjson.dumps(environment(), option=orjson.OPT_SORT_KEYS)


def _dist_infos(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry in entries if entry.name.endswith(".dist-info")]
    except OSError:  # a path entry may be a zip file, or missing
        return []


def _direct_url(folder: str) -> dict[str, Any] | None:
    try:
        with open(os.path.join(folder, "direct_url.json"), "rb") as file:
            told = orjson.loads(file.read())
    except (OSError, orjson.JSONDecodeError):
        return None
    commit = told.get("vcs_info", {}).get("commit_id")
    return {"url": told.get("url"), **({"commit": commit} if commit else {})}
