"""Save artifacts to a run on record, list them, and get them back."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from whence.app.display import Artifacts, Picture
from whence.app.page import Columns, Page
from whence.artifacts import (
    Deposit,
    Fetched,
    Kept,
    Manner,
    Owner,
    Progress,
    Request,
    fetch,
    open_content,
    save_all,
    save_file,
    two_meanings,
)
from whence.base.digest import digest_bytes
from whence.base.error import MissingExtraError, StoreError, UserError
from whence.base.problem import did_you_mean
from whence.formats import UNKNOWN, listener, load
from whence.records import Artifact, Record, Records
from whence.store import Store

_CATEGORIES = ("code", "input", "output")


@dataclass(frozen=True, slots=True)
class Choice:
    """Which artifacts of a run: those that fit everything that is given.

    Attributes
    ----------
    names : sequence of str
        Exactly these; all if empty.
    category : str, optional
        ``code``, ``input`` or ``output``.
    startswith, contains, endswith : str, optional
        What the name is like.

    Raises
    ------
    UserError
        If there is no such category.
    """

    names: Sequence[str] = ()
    category: str | None = None
    startswith: str | None = None
    contains: str | None = None
    endswith: str | None = None

    def __post_init__(self) -> None:
        if self.category is not None and self.category not in _CATEGORIES:
            raise UserError.of(
                "unknown-category",
                f"there is no artifact category {self.category!r}",
                mend=did_you_mean(self.category, _CATEGORIES)
                or f"Use one of {', '.join(_CATEGORIES)}.",
            )

    def fits(self, artifact: Artifact) -> bool:
        """Whether an artifact is one of them."""
        name = artifact.name
        return (
            (not self.names or name in self.names)
            and (self.category is None or artifact.category == self.category)
            and name.startswith(self.startswith or "")
            and (self.contains or "") in name
            and name.endswith(self.endswith or "")
        )


def artifacts_of(record: Record, choice: Choice) -> list[Artifact]:
    """The artifacts of a run that fit, the one saved last for each name and category.

    Raises
    ------
    UserError
        If a name is asked for that the run has no artifact of.
    """
    chosen: Iterable[Artifact] = record.artifacts
    if choice != Choice():
        chosen = filter(choice.fits, chosen)
    latest = {(item.category, item.name): item for item in chosen}
    known = {name for _, name in latest}
    for name in choice.names:
        if name not in known:
            raise _unknown(record, name, choice)
    return list(latest.values())


def one_artifact(record: Record, name: str, category: str | None = None) -> Artifact:
    """The artifact of a run of that name.

    Raises
    ------
    UserError
        If there is none, or the name is another artifact's in another category.
    """
    found = artifacts_of(record, Choice((name,), category))
    if len({item.digest for item in found}) > 1:
        raise UserError(two_meanings(name, [item.category for item in found]))
    return found[-1]


def get_object(
    store: Store,
    run: str | Record,
    name: str,
    *,
    category: str | None = None,
    allow_pickle: bool = False,
) -> Any:
    """The object that an artifact holds; see `Client.get_artifact`."""
    records = Records(store)
    record = records.resolve(run)
    artifact = one_artifact(record, name, category)
    if (drawn := _drawn_beside(artifact)) is not None:
        artifact = one_artifact(record, drawn, artifact.category)
    with open_content(store, record, artifact) as file:
        data = file.read()
    _tell(record, [artifact])
    if digest_bytes(data) != artifact.digest:
        raise StoreError.of(
            "damaged-content",
            f"the content of the artifact {name!r} was altered: its digest is another",
            mend="`whence verify` lists all damage; merge a store that has the content whole.",
        )
    try:
        found = load(_type_of(records, artifact), data, allow_pickle=allow_pickle)
    except MissingExtraError as error:
        if drawn is None:
            raise
        (problem,) = error.problems
        picture = f"get_artifact_as_file and open_artifact give the picture {name!r} without."
        raise MissingExtraError(replace(problem, mend=f"{problem.mend}\n{picture}")) from error
    return Picture(found) if artifact.type == "image/png" and type(found) is bytes else found


def _drawn_beside(artifact: Artifact) -> str | None:
    """The name of the Plotly figure that a figure of matplotlib was kept as, beside its picture."""
    beside = artifact.meta.get("plotly")
    return beside if isinstance(beside, str) else None


def _type_of(records: Records, artifact: Artifact) -> str:
    """The media type; where it is unknown, the one that another run knows the content by.

    An object that was fetched as a file and saved again has lost its type, but not its digest.
    """
    if artifact.type != UNKNOWN:
        return artifact.type
    row = records.connection.execute(
        "SELECT type FROM artifact WHERE digest = ? AND type <> ? ORDER BY run LIMIT 1",
        (artifact.digest, UNKNOWN),
    ).fetchone()
    return str(row[0]) if row else UNKNOWN


def open_artifact(
    store: Store, run: str | Record, name: str, category: str | None = None
) -> BinaryIO:
    """The content of an artifact as a file to seek and read in."""
    record = Records(store).resolve(run)
    artifact = one_artifact(record, name, category)
    file = open_content(store, record, artifact)
    _tell(record, [artifact])
    return file


def list_artifacts(
    store: Store, run: str | Record, choice: Choice, columns: Columns | None = None
) -> list[Artifact]:
    """The artifacts of a run that fit, in the order in which they were saved if no other is asked.

    Raises
    ------
    UserError
        If there is no such run, or nothing to sort by in a column.
    """
    found = artifacts_of(Records(store).resolve(run), choice)
    return Artifacts(Page(columns=columns).of(found, ("name", "category", "size"), getattr))


def fetch_artifacts(
    store: Store, run: str | Record, choice: Choice, folder: Path, progress: Progress | None = None
) -> list[Fetched]:
    """Bring the artifacts of a run that fit into a folder, as files."""
    record = Records(store).resolve(run)
    request = Request(artifacts_of(record, choice), folder, progress)
    files = fetch(Kept(store, record), request)
    _tell(record, [file.artifact for file in files])
    return files


def _tell(record: Record, artifacts: Sequence[Artifact]) -> None:
    """Make what was got of a run an input of the run that this is part of, if it is of one."""
    if listener() is None and not os.environ.get("WHENCE_RUN"):
        return
    from whence.runs import Reading, hearing

    hear = hearing()
    if isinstance(hear, Reading):
        hear.got(record, artifacts)


def folder_of(
    path: str | os.PathLike[str] | None, output_dir: str | os.PathLike[str] | None
) -> Path:
    """The folder that is meant; the working directory if none is given.

    Raises
    ------
    UserError
        If two are given.
    """
    if path is not None and output_dir is not None:
        raise UserError.of(
            "given-twice", "path and output_dir are two spellings of one thing", mend="Give one."
        )
    return Path(path if path is not None else output_dir if output_dir is not None else ".")


@dataclass(frozen=True, slots=True)
class PutRequest:
    """Files to save to a run on record.

    Attributes
    ----------
    paths : sequence of str
        Files and folders.
    manner : Manner
        How.
    name : str, optional
        The artifact's name; only for one file.
    """

    paths: Sequence[str]
    manner: Manner
    name: str | None = None

    def __post_init__(self) -> None:
        if self.name is not None and (len(self.paths) != 1 or os.path.isdir(self.paths[0])):
            raise UserError.of(
                "one-name", "only one file can be given a name", mend="Put it alone."
            )


def put_artifacts(
    store: Store, run: str | Record, request: PutRequest, progress: Progress | None = None
) -> list[Artifact]:
    """Save files and folders to a run on record, also one that has ended."""
    record = Records(store).resolve(run)
    folder = record.state.get("dir")
    owner = Owner(store, record.id, store.project / folder if isinstance(folder, str) else None)
    if request.name is None:
        saved = save_all(owner, request.paths, request.manner, progress)
    else:
        label = request.manner.label
        deposit = Deposit(
            request.paths[0],
            label.category,
            request.name,
            label.media_type,
            label.metadata,
            request.manner.mode,
        )
        saved = [save_file(owner, deposit, progress)]
    return [Artifact.of(facts) for facts in saved]


def _unknown(record: Record, name: str, choice: Choice) -> UserError:
    known = [item.name for item in record.artifacts if Choice(category=choice.category).fits(item)]
    kind = f"{choice.category} artifact" if choice.category else "artifact"
    return UserError.of(
        "unknown-artifact",
        f"the run {record.id} has no {kind} {name!r}",
        mend=did_you_mean(name, known) or f"`whence artifacts {record.id}` lists what it has.",
    )
