"""Runs as an RO-Crate: a zip that research data repositories accept, with what makes sense of it.

By the RO-Crate 1.1 specification (https://w3id.org/ro/crate/1.1) and the Process Run Crate profile
0.5 (https://w3id.org/ro/wfrun/process/0.5): each run is a `CreateAction` with its files as objects
and results, its parameters as `PropertyValue`s, and its software as instrument.
"""

from __future__ import annotations

import math
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from whence.app.choice import chosen_runs, sorted_words
from whence.app.content import content_file
from whence.app.workspace import Workspace
from whence.base.clock import system_clock, utc_text
from whence.base.error import UserError
from whence.base.escape import canonical
from whence.params import flatten
from whence.records import Artifact, Record
from whence.records.environment import environment_of
from whence.store.replacement import replaced

METADATA = "ro-crate-metadata.json"
CRATE = "https://w3id.org/ro/crate/1.1"
PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
_STATUS = {
    "completed": "CompletedActionStatus",
    "running": "ActiveActionStatus",
    "created": "PotentialActionStatus",
}
_TERMS = {"sha256": "http://schema.org/sha256"}  # younger than the context of RO-Crate 1.1
_SPDX = re.compile(r"(?=.*\d)[A-Za-z][A-Za-z0-9.+-]*")
_NAMED = re.compile(r"\s*(.*?)\s*<\s*(https?://\S+?)\s*>\s*")
_DATE = (1980, 1, 1, 0, 0, 0)  # zips have no earlier; the same runs give the same bytes
Entity = dict[str, Any]


@dataclass(frozen=True, slots=True)
class CrateOptions:
    """What is told of a crate as a whole.

    Attributes
    ----------
    name : str, optional
        Its title; made from the names of the runs if not given.
    description : str, optional
    license : str, optional
        A URL, an SPDX identifier like ``CC-BY-4.0``, or what else is to be told of the terms.
    authors : tuple of str
        Names, each with an identifier if there is one: ``Ada Lovelace
        <https://orcid.org/0000-0002-1825-0097>``. The users who made the runs if not given.
    """

    name: str | None = None
    description: str | None = None
    license: str | None = None
    authors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Crated:
    """What was written.

    Attributes
    ----------
    runs, files : int
        How many of each are in it.
    missing : tuple of str
        Names of artifacts whose content is not at hand: the crate tells of them without it.
    """

    file: Path
    runs: int
    files: int
    missing: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The crate as `whence export --ro-crate --json` tells it."""
        return {
            "file": str(self.file),
            "records": self.runs,
            "contents": self.files,
            "missing": list(self.missing),
            "bytes": self.file.stat().st_size,
        }


def write_crate(
    workspace: Workspace,
    words: Sequence[str],
    out: Path,
    options: CrateOptions | None = None,
    progress: Callable[[int, int, str], None] = lambda done, total, note: None,
) -> Crated:
    """Write runs with all that they took in and put out as an RO-Crate.

    Parameters
    ----------
    workspace : Workspace
        Where they are on record.
    words : sequence of str
        Runs by id, part of an id or name, or filter strings.
    out : Path
        The zip file to write; an older one is replaced when the new one is whole.
    options : CrateOptions, optional
    progress : callable
        Told after each run.

    Raises
    ------
    UserError
        If no run is meant, or the file cannot be written.
    """
    records = chosen_runs(workspace, *sorted_words(workspace, words)) if words else []
    if not records:
        raise UserError.of("no-runs", "which runs?", mend="Name runs, or give a filter.")
    with replaced(out) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        crate = _Crate(workspace, archive)
        for number, record in enumerate(records, start=1):
            crate.add(record)
            progress(number, len(records), record.name)
        graph = crate.graph(records, options or CrateOptions())
        told = {"@context": [f"{CRATE}/context", _TERMS], "@graph": graph}
        archive.writestr(_info(METADATA), orjson.dumps(told, option=orjson.OPT_INDENT_2))
    return Crated(out, len(records), len(crate.parts), tuple(crate.missing))


@dataclass(slots=True)
class _Crate:
    """A crate while it is written; every entity is made once, by its ``@id``."""

    workspace: Workspace
    archive: zipfile.ZipFile
    entities: dict[str, Entity] = field(default_factory=dict)
    contents: dict[str, str] = field(default_factory=dict)  # digest: @id
    parts: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    names: set[str] = field(default_factory=set)

    def add(self, record: Record) -> None:
        """Put a run, its files and all they refer to into the crate."""
        state = record.state
        action: Entity = {
            "@id": f"#run-{record.id}",
            "@type": "CreateAction",
            "name": record.name,
            "identifier": record.id,
            "description": state.get("description"),
            "startTime": _time(record.started or record.created),
            "endTime": _time(record.ended),
            "actionStatus": {
                "@id": f"http://schema.org/{_STATUS.get(record.status, 'FailedActionStatus')}"
            },
            "agent": self._agent(record),
            "instrument": self._software(record),
            "object": [
                *(self._file(record, item) for item in record.of_category("input")),
                *self._parameters(record),
            ],
            "result": [self._file(record, item) for item in record.of_category("output")],
        }
        error = state.get("error")
        if error:
            action["error"] = f"{error.get('type')}: {error.get('message')}"
        self._put(action)

    def graph(self, records: Sequence[Record], options: CrateOptions) -> list[Entity]:
        """All entities: the metadata file, the crate itself, then the rest."""
        names = [record.name for record in records]
        title = ", ".join(names[:3]) + (f" and {len(names) - 3} more runs" if names[3:] else "")
        newest = max(record.ended or record.created or 0.0 for record in records)
        profile = {"name": "Process Run Crate", "version": "0.5"}
        self._put({"@id": PROFILE, "@type": "CreativeWork", **profile})
        root = {
            "@id": "./",
            "@type": "Dataset",
            "name": options.name or title,
            "description": options.description
            or f"{len(records)} {'run' if len(records) == 1 else 'runs'} on record with whence: "
            "parameters, software, inputs and outputs.",
            "datePublished": utc_text(newest or system_clock())[:10],
            "license": self._license(options.license),
            "conformsTo": {"@id": PROFILE},
            "hasPart": [{"@id": part} for part in self.parts],
            "mentions": [{"@id": f"#run-{record.id}"} for record in records],
            "author": [self._author(text) for text in options.authors]
            or _distinct(self._agent(record) for record in records),
        }
        descriptor = {
            "@id": METADATA,
            "@type": "CreativeWork",
            "conformsTo": {"@id": CRATE},
            "about": {"@id": "./"},
        }
        return [descriptor, _lean(root), *self.entities.values()]

    def _put(self, entity: Entity) -> Entity:
        name = entity["@id"]
        self.entities.setdefault(name, _lean(entity))
        return {"@id": name}

    def _agent(self, record: Record) -> Entity | None:
        user = record.state.get("user")
        if not user:
            return None
        return self._put(
            {"@id": f"#user-{_quoted(str(user))}", "@type": "Person", "name": str(user)}
        )

    def _license(self, text: str | None) -> Any:
        if text is None:
            return "No licence was given: all rights are reserved."
        if re.match(r"https?://\S+$", text):
            return self._put({"@id": text, "@type": "CreativeWork", "name": text})
        if _SPDX.fullmatch(text):
            place = f"https://spdx.org/licenses/{text}"
            return self._put(
                {"@id": place, "@type": "CreativeWork", "name": text, "identifier": text}
            )
        return text

    def _author(self, text: str) -> Entity:
        """A person, known by a URL if one follows the name."""
        named = _NAMED.fullmatch(text)
        name, place = named.groups() if named else (text, f"#author-{_quoted(text)}")
        return self._put({"@id": place, "@type": "Person", "name": name})

    def _software(self, record: Record) -> Entity:
        """The program of a run, with the files of its code and the commit."""
        state = record.state
        code = state.get("code") or {}
        command = state.get("command") or []
        main = record.of_category("code")
        files = [self._file(record, item) for item in main]
        name = state.get("target") or (main[0].name if main else " ".join(map(str, command[:1])))
        name = name or record.name
        of = code.get("digest") or _quoted(str(name))
        commit = code.get("commit")
        return self._put(
            {
                "@id": f"#software-{of}",
                "@type": "SoftwareApplication",
                "name": str(name),
                "url": code.get("remote") if _is_url(code.get("remote")) else None,
                "version": commit or (code.get("digest") or "")[:12] or "unknown",
                "softwareRequirements": self._environment(record),
                "hasPart": files,
            }
        )

    def _environment(self, record: Record) -> Entity | None:
        digest = record.state.get("environment")
        if not digest:
            return None
        known = environment_of(record)
        if known is None:
            self.missing.append("environment")
            return None
        distributions = (known.get("distributions") or {}).items()
        return self._put(
            {
                "@id": f"#environment-{digest}",
                "@type": "SoftwareApplication",
                "name": str(known.get("implementation") or "Python"),
                "version": str(known.get("python") or "unknown"),
                "softwareRequirements": [f"{name}=={version}" for name, version in distributions],
            }
        )

    def _parameters(self, record: Record) -> Iterator[Entity]:
        for number, (key, value) in enumerate(flatten(record.parameters).items()):
            yield self._put(
                {
                    "@id": f"#parameter-{record.id}-{number}",
                    "@type": "PropertyValue",
                    "name": key,
                    "value": _plain(value),
                }
            )

    def _file(self, record: Record, artifact: Artifact) -> Entity:
        if artifact.digest in self.contents:
            return {"@id": self.contents[artifact.digest]}
        told: Entity = {
            "@type": "File",
            "name": artifact.name,
            "encodingFormat": artifact.type,
            "contentSize": str(artifact.size),
            "sha256": artifact.digest,
        }
        if artifact.category == "code":
            told["@type"] = ["File", "SoftwareSourceCode"]
        with content_file(self.workspace, record, artifact) as source:
            if source is None:
                self.missing.append(artifact.name)
                told |= {
                    "@id": f"#content-{artifact.digest}",
                    "@type": "CreativeWork",
                    "description": "Not in this crate: only its digest is on record.",
                }
            else:
                told["@id"] = self._store(record, artifact, source)
        self.contents[artifact.digest] = told["@id"]
        return self._put(told)

    def _store(self, record: Record, artifact: Artifact, source: Path) -> str:
        """Write a file into the zip under a name that can do no harm; gives that, as a URI."""
        folder = f"runs/{record.id}/{artifact.category}"
        parts = [part for part in map(_safe, re.split(r"[/\\]", artifact.name)) if part.strip(".")]
        name = "/".join([folder, *(parts or ["file"])])
        if name.casefold() in self.names:
            name = "/".join([folder, artifact.digest[:12], *(parts[-1:] or ["file"])])
        self.names.add(name.casefold())
        info = _info(name)
        info.file_size = artifact.size
        with source.open("rb") as content, self.archive.open(info, "w") as target:
            while piece := content.read(1 << 20):
                target.write(piece)
        uri = _quoted(name, "/")
        self.parts.append(uri)
        return uri


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _DATE)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    return info


def _quoted(text: str, plain: str = "") -> str:
    """A text as part of an identifier, another for each."""
    from urllib.parse import quote

    return quote(text, plain, errors="surrogateescape")


def _safe(text: str) -> str:
    """A text as part of a path, on every system; several texts can have the same."""
    return re.sub(r"[^\w.@+=-]+", "_", text)[-120:]


def _lean(entity: Entity) -> Entity:
    return {key: value for key, value in entity.items() if value not in (None, [], "")}


def _distinct(entities: Iterator[Entity | None]) -> list[Entity]:
    return list({entity["@id"]: entity for entity in entities if entity}.values())


def _plain(value: Any) -> str | bool | int | float:
    """A parameter's value as JSON-LD takes it: what is more than a number or text, as JSON text."""
    if isinstance(value, (str, bool)):
        return value
    if isinstance(value, (int, float)) and math.isfinite(value) and abs(value) < 2**53:
        return value
    return canonical(value).decode()


def _is_url(text: Any) -> bool:
    return isinstance(text, str) and text.startswith(("https://", "http://"))


def _time(seconds: float | None) -> str | None:
    return None if seconds is None else utc_text(seconds)
