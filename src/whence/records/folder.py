"""Whence the files of a folder came, told together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from whence.base.excerpt import counted
from whence.records.holding import Holding, holdings, left_at
from whence.records.kinship import EMPTY
from whence.records.reader import Records
from whence.records.trace import MAKERS, Change, Trace, Tracer, choose

Place = str
"""Where a file lies, from the project folder or absolute."""


def trace_of_folder(
    records: Records, tracer: Tracer, folder: Path, digests: Mapping[Place, str]
) -> Trace:
    """The trace of a folder: a row for each of its files, and what the runs have in common.

    Parameters
    ----------
    records : Records
        What is on record.
    tracer : Tracer
        Tells of single figures, and what runs have in common.
    folder : Path
        As the user named it.
    digests : mapping
        The digest of each file below it.
    """
    held = _held(records, digests)
    lost = [place for place in digests if place not in held]
    before = left_at(records.connection, lost)
    rows = [_row(place, digest, held.get(place)) for place, digest in digests.items()]
    put = [item for item in held.values() if item.category == "output"] or list(held.values())
    runs = dict.fromkeys(item.run for item in put if item.kind in MAKERS)
    for item in put:
        if item.kind == "evaluation" and item.category == "output":
            figure = tracer.trace(Path(item.name), item.digest, None, item.path)
            runs.update(dict.fromkeys(figure.runs))
    changed = [
        Change(place, item.run, item.digest, digests[place], "now")
        for place, item in before.items()
    ]
    runs.update(dict.fromkeys(change.run for change in changed))
    found_by = "folder" if runs or held else None
    base = Trace(folder, "", found_by, files=rows)
    sweeps = dict.fromkeys(item.run for item in put if item.kind == "sweep")
    makers = [records.get(run) for run in runs]
    return tracer.summed(base, makers, sweeps=list(sweeps), changed=changed)


def told(rows: Sequence[Mapping[str, Any]]) -> str:
    """How many files there are, and what of them is on record.

    Examples
    --------
    >>> told([{"category": "output"}, {"category": "output"}, {"category": None}])
    'a folder of 3 files: 2 put out, 1 not on record'
    """
    words = {"output": "put out", "input": "taken in", "code": "code", None: "not on record"}
    counts = Counter(row["category"] for row in rows)
    parts = [f"{counts[key]} {word}" for key, word in words.items() if counts[key]]
    return f"a folder of {counted(len(rows), 'file')}{': ' if parts else ''}{', '.join(parts)}"


def _held(records: Records, digests: Mapping[Place, str]) -> dict[Place, Holding]:
    """For each file, the hold that tells most; of one that lay where it lies, if there is."""
    of: dict[str, list[Holding]] = {}
    for item in holdings(records.connection, digests.values()):
        of.setdefault(item.digest, []).append(item)
    found = {}
    for place, digest in digests.items():
        here = [item for item in of.get(digest, ()) if item.path == place]
        # What wrote there last made what is there now.
        written = [item for item in here if item.category == "output"][-1:]
        items = written or here or ([] if digest == EMPTY else of.get(digest, []))
        if items:
            found[place] = choose(items)
    return found


def _row(place: Place, digest: str, item: Holding | None) -> dict[str, Any]:
    known = {} if item is None else {"category": item.category, "run": item.run, "name": item.name}
    return {"path": place, "digest": digest, "category": None, "run": None, "name": None, **known}
