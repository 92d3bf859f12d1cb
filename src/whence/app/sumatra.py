"""Records that Sumatra exported (version 0.3 and later), as rows that can be imported here."""

from __future__ import annotations

import ast
import base64
import configparser
import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from whence.base.digest import digest_bytes, digest_value
from whence.base.error import UserError, WhenceError
from whence.base.escape import encode
from whence.base.problem import Problem, Where
from whence.formats import media_type_of

_STATUS = {
    "initialized": "created",
    "pre_run": "created",
    "running": "running",
    "finished": "completed",
    "succeeded": "completed",
    "failed": "failed",
    "crashed": "failed",
    "killed": "terminated",
}
_KNOWN = ("executable", "repository", "launch_mode", "datastore", "input_datastore", "dependencies",
          "platforms", "repeats", "on_changed")  # fmt: skip
"""What is kept under the metadata ``sumatra`` as it is."""
_SMALL = 64 * 1024
_MOST = 5  # problems told at once
READ = (
    "What is read: JSON Lines that `whence export -o FILE` or `view.export(FILE)` wrote, and the "
    "JSON that `smt export` of Sumatra writes."
)
"""What can be imported, for those who tried something else."""


def read(file: Path) -> list[dict[str, Any]]:
    """The rows of an export of Sumatra: contents, and records with their lines.

    Raises
    ------
    UserError
        If it is not one, with all that is wrong.
    """
    try:
        found = json.loads(file.read_bytes())
    except (ValueError, RecursionError) as error:
        raise UserError.of("not-an-export", f"{file} is not JSON: {error}", mend=READ) from error
    if found and not isinstance(found[0], dict):
        raise UserError.of("not-an-export", f"{file} is no list of records", mend=READ)
    if found and {"id", "kind", "status"} <= found[0].keys():
        raise UserError.of(
            "not-an-export",
            f"{file} tells of records of whence, without their lines, which make them anew",
            mend=READ,
        )
    rows: list[dict[str, Any]] = []
    problems: list[Problem] = []
    for number, told in enumerate(found):
        where = Where(str(file), path=(number,))
        wrong = _wrong(told)
        if wrong:
            problems.append(Problem("bad-record", wrong, where))
            continue
        try:
            rows += _rows(told)
        except (TypeError, ValueError, AttributeError, KeyError, WhenceError) as error:
            problems.append(Problem("bad-record", f"{told['label']!r}: {error}", where))
    if problems:
        left = len(problems) - _MOST
        more = f"The same is true of {left} more records. " if left > 0 else ""
        *told_first, last = problems[:_MOST]
        raise UserError(*told_first, replace(last, mend=f"{more}Nothing was imported. {READ}"))
    if not rows:
        raise UserError.of("not-an-export", f"{file} holds no records", mend=READ)
    return rows


def edits(
    row: Mapping[str, Any], state: Mapping[str, Any] | None
) -> list[tuple[str, dict[str, Any]]]:
    """What has changed of a record since it was imported, as operations."""
    source = row.get("sumatra")
    if source is None or state is None:
        return []
    before = state.get("origin") or {}
    if before.get("digest") == source["origin"]["digest"]:
        return []
    tags = {"add": source["tags"], "remove": sorted({*before.get("tags", ())} - {*source["tags"]})}
    return [("set", {"f": source["fields"]}), ("meta", {"m": source["meta"]}), ("tags", tags)]


def _wrong(told: Any) -> str | None:
    if not isinstance(told, dict):
        return "not a record"
    missing = [name for name in ("label", "timestamp") if not told.get(name)]
    if missing:
        return f"the record has no {' and no '.join(missing)}"
    try:
        _seconds(told["timestamp"])
    except (TypeError, ValueError):
        return f"the time {told['timestamp']!r} is not one like '2012-05-29 11:48:32'"
    return None


def _rows(told: dict[str, Any]) -> list[dict[str, Any]]:
    start = _seconds(told["timestamp"])
    named = [str(told["label"]), str(told["timestamp"]), _inner(told, "repository", "url")]
    run = _id(start, ["sumatra", *named])
    fields, meta, tags = _fields(told, start), _meta(told), _tags(told)
    origin = {"from": "sumatra", "digest": digest_value(told), "tags": tags}
    fields["origin"] = origin
    contents, artifacts = _artifacts(told)
    operations: list[tuple[str, dict[str, Any]]] = [("set", {"f": fields})]
    if meta:
        operations.append(("meta", {"m": meta}))
    if tags:
        operations.append(("tags", {"add": tags, "remove": []}))
    operations += [("artifact", artifact) for artifact in artifacts]
    if told.get("stdout_stderr"):
        text = encode(str(told["stdout_stderr"]))
        operations.append(("out", {"stream": "out", "text": text, "at": start}))
    by = _id(start, ["sumatra writer", *named])
    clock = max(int(start * 1e6), 0)
    lines = [
        {"by": by, "n": n, "lc": clock + n, "t": start, "op": op, "of": run, **facts}
        for n, (op, facts) in enumerate(operations)
    ]
    source = {"origin": origin, "fields": fields, "meta": meta, "tags": tags}
    return [*contents, {"whence": 1, "id": run, "lines": lines, "sumatra": source}]


def _id(start: float, named: Sequence[str]) -> str:
    """An id that is the same whenever the record is imported, and sorts by its time."""
    stamp = datetime.fromtimestamp(start, UTC).strftime("%Y%m%dT%H%M%S")
    number = int(digest_value(list(named)), 16)
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    tail = ""
    for _ in range(7):
        number, place = divmod(number, len(letters))
        tail += letters[place]
    return stamp + tail


def _seconds(text: Any) -> float:
    """Seconds since 1970; a time without a zone is taken as UTC."""
    when = datetime.fromisoformat(str(text).strip())
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()


def _fields(told: dict[str, Any], start: float) -> dict[str, Any]:
    parameters = _parameters(told.get("parameters"))
    duration = told.get("duration")
    took = float(duration) if isinstance(duration, (int, float)) else None
    platform = next(iter(told.get("platforms") or ()), None) or {}
    status = _status(told, took)
    fields = {
        "kind": "task" if "taskname" in parameters else "run",
        "name": str(told["label"]),
        "label": str(told["label"]),
        "status": status,
        "params": encode(parameters, ("parameters",)),
        "created": start,
        "started": start,
        "ended": None if took is None or status in ("created", "running") else start + took,
        "user": _text(told.get("user")),
        "host": _text(platform.get("network_name")),
        "reason": _text(told.get("reason")),
        "outcome": _text(told.get("outcome")),
        "main_file": _text(told.get("main_file")),
        "script_arguments": _text(told.get("script_arguments")),
        "version": _text(told.get("version")),
        "command": _command(told),
        "code": _code(told),
        "system": _system(platform),
    }
    return {name: value for name, value in fields.items() if value is not None}


def _status(told: dict[str, Any], took: float | None) -> str:
    words = [word.strip("_.") for word in _words(told) if word.startswith("_")]
    found = [_STATUS[word] for word in words if word in _STATUS]
    return found[-1] if found else "completed" if took is not None else "created"


def _tags(told: dict[str, Any]) -> list[str]:
    return sorted({word for word in _words(told) if word.strip("_.") not in _STATUS} - {""})


def _words(told: dict[str, Any]) -> list[str]:
    """The tags, those of a status too; old exports have them as one text."""
    tags = told.get("tags") or ()
    return [word.strip() for word in (tags.split(",") if isinstance(tags, str) else map(str, tags))]


def _command(told: dict[str, Any]) -> list[str] | None:
    program = _inner(told, "executable", "path")
    if not program:
        return None
    arguments = str(told.get("script_arguments") or "")
    try:
        words = shlex.split(arguments)
    except ValueError:
        words = arguments.split()
    file = [str(told["main_file"])] if told.get("main_file") else []
    return [encode(word) for word in (program, *file, *words)]


def _code(told: dict[str, Any]) -> dict[str, Any] | None:
    if not told.get("version"):
        return None
    return {"commit": str(told["version"]), "dirty": bool(told.get("diff")), "files": {}}


def _system(platform: Mapping[str, Any]) -> dict[str, Any] | None:
    found = {
        "hostname": platform.get("network_name"),
        "platform": {
            "system": platform.get("system_name") or platform.get("system"),
            "release": platform.get("release"),
            "version": platform.get("version"),
        },
        "cpu": {"arch": platform.get("machine"), "processor": platform.get("processor")},
    }
    return encode(found) if platform else None


def _meta(told: dict[str, Any]) -> dict[str, Any]:
    kept = {name: told[name] for name in _KNOWN if told.get(name)}
    parameters = told.get("parameters")
    if isinstance(parameters, dict) and "content" in parameters and not _parameters(parameters):
        text = str(parameters["content"] or "")
        if text.strip():  # it could not be understood, but must not get lost
            kept["parameters"] = parameters
    return {"sumatra": encode(kept, ("sumatra",))} if kept else {}


def _parameters(told: Any) -> dict[str, Any]:
    """The parameters that a parameter set of any kind holds; empty if it cannot be read."""
    if isinstance(told, dict) and "content" in told:
        content = told["content"]
        if isinstance(content, dict):
            return content
        return _parsed(str(content or ""), str(told.get("type") or ""))
    if isinstance(told, dict):
        return told
    return _parsed(str(told or ""), "")


def _parsed(text: str, kind: str) -> dict[str, Any]:
    readers = {
        "json": [_json],
        "yaml": [_yaml],
        "config": [_config],
        "nt": [_literal],
        "simple": [_simple],
    }
    named = [found for name, found in readers.items() if kind.lower().startswith(name)]
    for reader in [*(named[0] if named else ()), _json, _literal, _config, _simple, _yaml]:
        try:
            found = reader(text)
        except (ValueError, SyntaxError, TypeError, RecursionError, WhenceError,
                configparser.Error):  # fmt: skip
            continue
        if isinstance(found, dict) and found:
            return found
    return {}


def _json(text: str) -> Any:
    return json.loads(text)


def _yaml(text: str) -> Any:
    from whence.base.yaml import parse

    return parse(text).value


def _literal(text: str) -> Any:
    return ast.literal_eval(text.strip())


def _config(text: str) -> Any:
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(text)
    return {name: {k: _value(v) for k, v in parser[name].items()} for name in parser.sections()}


def _simple(text: str) -> Any:
    found: dict[str, Any] = {}
    for row in text.splitlines():
        line = row.split("#", 1)[0].strip()
        key, sign, value = line.partition("=")
        if line and not sign:
            raise ValueError(line)
        if line:
            found[key.strip()] = _value(value.strip())
    return found


def _value(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def _artifacts(told: dict[str, Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of contents, and the facts of artifacts."""
    contents, found = [], []
    for name, category in (("input_data", "input"), ("output_data", "output")):
        keys = told.get(name) or ()
        found += [_data(key, category) for key in keys if isinstance(key, (dict, str))]
    if told.get("diff"):
        data = str(told["diff"]).encode("utf-8", "surrogatepass")
        digest = digest_bytes(data)
        contents.append({"whence": 1, "content": digest, "base64": base64.b64encode(data).decode()})
        kept = "pack" if len(data) < _SMALL else "object"
        found.append(
            {"name": "git.diff", "category": "code", "type": "text/x-diff", "digest": digest,
             "size": len(data), "kept": kept}
        )  # fmt: skip
    return contents, found


def _data(key: dict[str, Any] | str, category: str) -> dict[str, Any]:
    """A data key as an artifact of which only the SHA-1 is known."""
    told: dict[str, Any] = {"path": key} if isinstance(key, str) else key
    path = str(told.get("path") or "")
    metadata = told.get("metadata") or {}
    if isinstance(metadata, str):
        metadata = orjson.loads(metadata)
    sha1 = _text(told.get("digest"))
    size = metadata.get("size")
    meta = {"sha1": sha1, "created": _text(told.get("creation")), **metadata}
    return {
        "name": encode(path),
        "category": category,
        "type": str(metadata.get("mimetype") or media_type_of(path)),
        "digest": f"sha1:{sha1}" if sha1 else f"unknown:{digest_value(path)[:40]}",
        "size": size if isinstance(size, int) else 0,
        "kept": "reference",
        "path": encode(path),
        "meta": encode({name: value for name, value in meta.items() if value is not None}),
    }


def _text(value: Any) -> Any:
    """Text as a journal holds it; None where there is none."""
    if value is None or value == "":
        return None
    return encode("\n".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value))


def _inner(told: Mapping[str, Any], name: str, inner: str) -> str:
    found = told.get(name)
    return str(found.get(inner) or "") if isinstance(found, dict) else str(found or "")
