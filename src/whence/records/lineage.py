"""What a run, a file or any content came from, and what was made from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import orjson

from whence.base.clock import utc_text
from whence.base.error import UserError
from whence.records.artifact import Category
from whence.records.figure import reading
from whence.records.kinship import Kin, walk
from whence.records.reader import Records

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd

COLUMNS = (
    "generation",
    "run",
    "kind",
    "name",
    "status",
    "created",
    "category",
    "artifact",
    "digest",
    "type",
    "size",
)
_RUNS = """
SELECT r.key, r.id, ifnull(r.kind, 'run'), ifnull(r.name, r.id), r.status, r.created, r.parent,
    r.user
FROM json_each(?) AS f CROSS JOIN run AS r ON r.key = f.value
"""


@dataclass(frozen=True, slots=True)
class Member:
    """A run or a content in a lineage.

    Attributes
    ----------
    id : str
        The run id, or the digest.
    kind : str
        ``run``, ``sweep``, ``evaluation`` or ``task`` of a run; ``code`` or ``artifact`` of a
        content.
    name : str
        The run's name, or that of the artifact in the run that put it out, else in one that took
        it in.
    generation : int
        How many generations of runs it is away from what was asked for: negative upstream. A
        content has that of the run it was reached from.
    facts : mapping
        ``status``, ``created``, ``parent`` and ``user`` of a run; ``type`` and ``size`` of a
        content.
    """

    id: str
    kind: str
    name: str
    generation: int
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_run(self) -> bool:
        """Whether it is a run of any kind."""
        return self.kind not in ("artifact", "code")


@dataclass(frozen=True, slots=True)
class Link:
    """That a run put a content out, or took it in; it points the way that time goes.

    Attributes
    ----------
    source, target : str
        Run id and digest, or digest and run id.
    category : {"code", "input", "output"}
    name : str
        The artifact's name in the run.
    """

    source: str
    target: str
    category: Category
    name: str

    @property
    def run(self) -> str:
        """The run id."""
        return self.source if self.category == "output" else self.target

    @property
    def digest(self) -> str:
        """The digest of the content."""
        return self.target if self.category == "output" else self.source


class Lineage:
    """Runs and contents, joined where one put out what another took in.

    Content alone joins them: whoever ran them, in whichever order they were put on record, in
    this store or in one merged into it. An empty file joins nothing.

    Parameters
    ----------
    records : Records
        What is on record.
    roots : sequence of str
        The run ids and digests that it starts from.
    up, down : int or None
        How many generations of runs it has upstream and downstream; None for all, -1 for not
        even what the run itself took in or put out. Each run upstream comes with what it took
        in, downstream with what it put out.
    content : callable, optional
        The bytes of a digest that the store holds. With it, the lineage of a figure has only
        those of its evaluation's inputs that were read for it.

    Notes
    -----
    The links of a generation come from the index with two queries, however many there are.
    """

    def __init__(
        self,
        records: Records,
        roots: Sequence[str],
        *,
        up: int | None = None,
        down: int | None = None,
        content: Callable[[str], bytes] | None = None,
    ) -> None:
        for depth in (up, down):
            if depth is not None and (not isinstance(depth, int) or depth < -1):
                raise UserError.of(
                    "bad-depth",
                    f"a number of generations is a whole number from 0 up, not {depth!r}",
                    mend="Leave it out to go to the end.",
                )
        self.roots = tuple(dict.fromkeys(roots))
        self.records, self._content = records, content
        self._up, self._down = up, down
        self._chosen: tuple[Kin, Mapping[str, Member]] | None = None

    @classmethod
    def _of(cls, whole: Lineage, way: Sequence[str], kin: Kin) -> Lineage:
        """A part of a lineage that was already found: the members on a way, in its order."""
        part = whole._other((way[0], way[-1]), whole._up, whole._down)
        part._chosen = kin, {member: whole.members[member] for member in way}
        return part

    def __repr__(self) -> str:
        runs = sum(member.is_run for member in self.members.values())
        return f"<Lineage of {len(self.roots)}: {runs} runs, {len(self.members) - runs} contents>"

    def __len__(self) -> int:
        return len(self.members)

    def __contains__(self, item: object) -> bool:
        return item in self.members

    def upstream(self, depth: int | None = None) -> Lineage:
        """What it came from, alone.

        Parameters
        ----------
        depth : int, optional
            How many generations of runs; all if not given.
        """
        return self._other(self.roots, depth, -1)

    def downstream(self, depth: int | None = None) -> Lineage:
        """What was made from it, alone."""
        return self._other(self.roots, -1, depth)

    def path(self, a: Any, b: Any) -> Lineage:
        """The shortest way by which one thing led to another.

        Parameters
        ----------
        a, b : str, Record, Artifact or Member
            Run ids or digests, or what has one. Either may be the earlier.

        Returns
        -------
        Lineage
            Its members are those on the way, the earliest first.

        Raises
        ------
        UserError
            If none led to the other.
        """
        import networkx as nx

        first, last = identity(a), identity(b)
        for early, late in ((first, last), (last, first)):
            above = self._other((late,), None, -1)
            if early in above.members:
                way = nx.shortest_path(above.graph, early, late)
                return above._along(way)
        raise UserError.of(
            "no-path",
            f"neither of {first[:22]} and {last[:22]} led to the other",
            mend="They may still share an origin: `.upstream()` of each shows it.",
        )

    @cached_property
    def members(self) -> Mapping[str, Member]:
        """Every run and content by its id: run id or digest."""
        if self._chosen is not None:
            return self._chosen[1]
        kin, runs = self._kin, self._runs
        found = {
            row[1]: Member(
                id=row[1],
                kind=row[2],
                name=row[3],
                generation=kin.runs[key],
                facts={"status": row[4], "created": row[5], "parent": row[6], "user": row[7]},
            )
            for key, row in runs.items()
        }
        names: dict[str, str] = {}
        code = set()
        for _, category, name, digest in kin.links:
            if category == "output" or digest not in names:
                names[digest] = name
            if category == "code":
                code.add(digest)
        for digest, generation in kin.contents.items():
            media, size = kin.facts.get(digest, (None, None))
            kind = "code" if digest in code else "artifact"
            name = names.get(digest) or kin.names.get(digest, digest[:12])
            found[digest] = Member(digest, kind, name, generation, {"type": media, "size": size})
        return found

    @cached_property
    def links(self) -> tuple[Link, ...]:
        """Every link."""
        ids = {key: row[1] for key, row in self._runs.items()}
        return tuple(
            Link(ids[run], digest, "output", name)
            if category == "output"
            else Link(digest, ids[run], category, name)  # type: ignore[arg-type]
            for run, category, name, digest in self._kin.links
            if run in ids
        )

    @cached_property
    def graph(self) -> nx.DiGraph:
        """The members as a directed graph of networkx, in the direction of time.

        Nodes have ``kind``, ``name`` and ``generation``; edges ``categories`` and ``names``.
        """
        import networkx as nx

        graph = nx.DiGraph()
        for member in self.members.values():
            told = {"kind": member.kind, "name": member.name, "generation": member.generation}
            graph.add_node(member.id, **told, **member.facts)
        for link in self.links:
            if graph.has_edge(link.source, link.target):
                edge = graph.edges[link.source, link.target]
                edge["categories"] += (link.category,)
                edge["names"] += (link.name,)
            else:
                told = {"categories": (link.category,), "names": (link.name,)}
                graph.add_edge(link.source, link.target, **told)
        return graph

    def rows(self) -> list[tuple[Any, ...]]:
        """One row for each link, with the columns of `COLUMNS`: nearest generation first."""
        runs, kin = self._runs, self._kin
        facts, away, none = kin.facts, kin.runs, (None, None)
        return [
            (away[run], *runs[run][1:6], category, name, digest, *facts.get(digest, none))
            for run, category, name, digest in kin.links
            if run in runs
        ]

    def dataframe(self) -> pd.DataFrame:
        """The rows as a table; `created` is in UTC."""
        import pandas as pd

        frame = pd.DataFrame(self.rows(), columns=list(COLUMNS))
        frame["created"] = pd.to_datetime(frame["created"], unit="s", utc=True)
        frame["size"] = frame["size"].astype("Int64")
        return frame

    def as_dict(self) -> dict[str, Any]:
        """The members and links as plain data; ``docs/reference/json.md`` tells each part."""
        return {
            "roots": list(self.roots),
            "members": [_member_as_dict(member) for member in self.members.values()],
            "links": [
                {key: getattr(link, key) for key in ("source", "target", "category", "name")}
                for link in self.links
            ],
        }

    def prov(self) -> dict[str, Any]:
        """The lineage in the words of W3C PROV, as PROV-JSON."""
        from whence.records.prov import document

        return document(self)

    def mermaid(self, *, collapse: bool = True) -> str:
        """A Mermaid flowchart, left to right.

        Parameters
        ----------
        collapse : bool
            Whether many equal siblings are one box.
        """
        from whence.records.flowchart import mermaid

        return mermaid(self, collapse)

    def dot(self, *, collapse: bool = True) -> str:
        """A graph in Graphviz's dot language, left to right; see `mermaid`."""
        from whence.records.flowchart import dot

        return dot(self, collapse)

    def text(self, *, collapse: bool = True) -> str:
        """A tree for the terminal: what each root came from, and what was made from it."""
        from whence.records.outline import outline

        return outline(self, collapse)

    def html(self, title: str | None = None) -> str:
        """One interactive page that needs nothing else: write it to a file, open it, send it."""
        from whence.records.page import page

        return page(self, title)

    def _repr_html_(self) -> str:
        from whence.records.page import frame

        return frame(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": self.text(), "text/html": self._repr_html_()}

    def _other(self, roots: Sequence[str], up: int | None, down: int | None) -> Lineage:
        return Lineage(self.records, roots, up=up, down=down, content=self._content)

    def _along(self, way: Sequence[str]) -> Lineage:
        """The members on a way and the links between them."""
        place = {member: number for number, member in enumerate(way)}
        kin, keys = self._kin, {row[1]: key for key, row in self._runs.items()}
        on_way = [keys[member] for member in way if member in keys]
        ids = {key: self._runs[key][1] for key in on_way}

        def follow(run: int, category: str, digest: str) -> bool:
            if run not in ids or digest not in place:
                return False
            step = place[digest] - place[ids[run]]
            return step == (1 if category == "output" else -1)

        followed = Kin(
            dict.fromkeys(
                sorted(
                    (row for row in kin.links if follow(row[0], row[1], row[3])),
                    key=lambda row: place[ids[row[0]]] + place[row[3]],
                )
            ),
            {run: kin.runs[run] for run in on_way},
            {digest: kin.contents[digest] for digest in way if digest in kin.contents},
            kin.facts,
        )
        return Lineage._of(self, way, followed)

    @cached_property
    def _kin(self) -> Kin:
        if self._chosen is not None:
            return self._chosen[0]
        digests = [root for root in self.roots if is_digest(root)]
        runs = [root for root in self.roots if not is_digest(root)]
        connection = self.records.connection
        rows = connection.execute(
            "SELECT run.key FROM json_each(?) AS f CROSS JOIN run ON run.id = f.value",
            (orjson.dumps(runs).decode(),),
        )
        start = [key for (key,) in rows], digests
        narrow = None if self._content is None else reading(connection, self._content)
        return walk(connection, start, self._up, self._down, narrow)

    @cached_property
    def _runs(self) -> dict[int, tuple[Any, ...]]:
        """Key, id, kind, name, status, created, parent and user of each run, by its key."""
        kin = self._kin
        found = {}
        for row in self.records.connection.execute(_RUNS, (orjson.dumps(list(kin.runs)).decode(),)):
            found[row[0]] = row
        return found


def identity(thing: Any) -> str:
    """The run id or digest of what has one, or of a text that is one.

    Raises
    ------
    UserError
        If it has none.
    """
    for name in ("digest", "id"):
        told = getattr(thing, name, None)
        if isinstance(told, str):
            return told
    if isinstance(thing, str):
        return thing
    raise UserError.of(
        "no-identity",
        f"{thing!r} is neither a run nor an artifact",
        mend="Give a run, a record, an artifact, a run id or a digest.",
    )


def is_digest(text: str) -> bool:
    """Whether a text is a whole SHA-256 digest.

    Examples
    --------
    >>> is_digest("ab" * 32), is_digest("20261121T021757abcdefg")
    (True, False)
    """
    return len(text) == 64 and not text.strip("0123456789abcdef")


def _member_as_dict(member: Member) -> dict[str, Any]:
    told = {key: getattr(member, key) for key in ("id", "kind", "name", "generation")}
    facts = dict(member.facts)
    if "created" in facts:
        facts["created"] = None if facts["created"] is None else utc_text(facts["created"])
    return {**told, **facts}
