"""What joins runs, how far a lineage goes, and the forms it can be had in."""

import json
import re
import shutil

import pytest

from whence.base.error import UserError
from whence.records.lineage import COLUMNS


@pytest.fixture
def chain(project):
    """raw -> a -> mid -> b -> end, with code in both, and a side product of a."""
    runs = [
        project.run("a", code=["a.py"], takes=["raw"], puts=["mid", "side"]),
        project.run("b", code=["b.py"], takes=["mid"], puts=["end"]),
    ]
    return project, *runs


def names(lineage):
    return {member.name for member in lineage.members.values()}


def test_content_joins_runs_and_code_counts(chain):
    project, _, b = chain
    above = project.lineage(project.digest("end")).upstream()
    assert names(above) == {"end", "b", "b.py", "mid", "a", "a.py", "raw"}
    below = project.lineage(project.digest("a.py")).downstream()
    assert names(below) == {"a.py", "a", "mid", "side", "b", "end"}
    whole = project.lineage(b)
    assert names(whole) == names(above)
    kinds = {member.name: member.kind for member in whole.members.values()}
    assert kinds == {
        "end": "artifact", "mid": "artifact", "raw": "artifact", "a.py": "code", "b.py": "code",
        "a": "run", "b": "run",
    }  # fmt: skip


def test_code_that_others_share_does_not_make_them_kin(project):
    first, *others = (
        project.run(f"run {number}", code=["model.py"], takes=["in"], puts=[f"{number}.txt"])
        for number in range(3)
    )
    found = project.lineage(first)
    assert names(found) == {"run 0", "model.py", "in", "0.txt"}
    text = found.text()
    assert all(name in text for name in names(found))
    assert "run 1" not in text
    assert set(others) < set(project.lineage(project.digest("model.py")).members)  # asked for


def test_depth_counts_generations_of_runs(chain):
    project, a, b = chain
    end, raw = project.digest("end"), project.digest("raw")
    assert names(project.lineage(end).upstream(0)) == {"end"}
    assert names(project.lineage(end).upstream(1)) == {"end", "b", "b.py", "mid"}
    assert names(project.lineage(b).upstream(0)) == {"b", "b.py", "mid"}
    assert names(project.lineage(raw).downstream(1)) == {"raw", "a", "mid", "side"}
    generation = {m.name: m.generation for m in project.lineage(raw).downstream().members.values()}
    assert generation == {"raw": 0, "a": 1, "mid": 1, "side": 1, "b": 2, "end": 2}
    assert project.lineage(a).upstream().members[a].generation == 0
    with pytest.raises(UserError, match="from 0 up, not -2"):
        project.lineage(end).upstream(-2)


def test_an_empty_file_joins_nothing(project):
    project.file("void", "")
    project.run("a", puts=["void", "x"])
    b = project.run("b", takes=["void"], puts=["y"])
    above = project.lineage(b).upstream()
    assert names(above) == {"b", "void"}
    assert above.members[project.digest("void")].facts["size"] == 0


def test_the_list_of_untracked_files_is_no_code(project):
    first = project.run("a", code=["a.py", "git.untracked"], puts=["x"])
    project.run("b", code=["git.untracked"], takes=["x"])
    assert "git.untracked" not in project.lineage(first).text()


def test_names_and_places_do_not_matter(project):
    project.run("a", puts=["x"])
    shutil.copy(project.folder / "x", project.folder / "renamed")
    b = project.run("b", takes=["renamed"])
    assert {link.name for link in project.lineage(b).upstream().links} == {"x", "renamed"}


def test_circles_end(project):
    project.run("a", takes=["x"], puts=["y"])
    b = project.run("b", takes=["y"], puts=["x", "y"])
    whole = project.lineage(b)
    assert names(whole) == {"a", "b", "x", "y"}
    assert names(whole.upstream()) == names(whole.downstream()) == names(whole)
    assert "(told above)" in whole.text()
    assert len(whole.links) == 5


def test_a_deleted_run_joins_nothing(chain):
    project, a, b = chain
    project.store.writer().append("delete", a, {})
    assert names(project.lineage(b).upstream()) == {"b", "b.py", "mid"}


def test_stores_merged_by_copying(chain, tmp_path):
    project, _, b = chain
    other = type(project)(tmp_path / "other")
    other.run("c", takes=[], puts=["raw"])
    other.store.writer().close()
    shutil.copytree(
        other.store.root, project.store.root, dirs_exist_ok=True,
        ignore=shutil.ignore_patterns("store.json"),
    )  # fmt: skip
    assert "c" in names(project.lineage(b).upstream())


def test_path(chain):
    project, _, b = chain
    whole = project.lineage(b)
    for ends in (("raw", "end"), ("end", "raw")):
        way = whole.path(*map(project.digest, ends))
        assert [member.name for member in way.members.values()] == ["raw", "a", "mid", "b", "end"]
        assert [link.name for link in way.links] == ["raw", "mid", "mid", "end"]
        assert "raw" in way.text()
    with pytest.raises(UserError, match="led to the other"):
        whole.path(project.digest("side"), project.digest("end"))
    with pytest.raises(UserError, match="neither a run nor an artifact"):
        whole.path(3, b)


def test_tables(chain):
    project, a, b = chain
    above = project.lineage(b).upstream()
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in above.rows()]
    told = {(row["generation"], row["run"], row["category"], row["artifact"]) for row in rows}
    assert told == {
        (0, b, "code", "b.py"), (0, b, "input", "mid"), (-1, a, "output", "mid"),
        (-1, a, "code", "a.py"), (-1, a, "input", "raw"),
    }  # fmt: skip
    assert {row["size"] for row in rows} == {3, 4}
    frame = above.dataframe()
    assert list(frame.columns) == list(COLUMNS)
    assert str(frame["created"].dt.tz) == "UTC"
    assert frame["size"].dtype == "Int64"
    assert above.graph.number_of_nodes() == len(above)
    assert above.graph.edges[project.digest("mid"), b]["categories"] == ("input",)


def test_json(chain):
    project, _, b = chain
    told = json.loads(json.dumps(project.lineage(b).as_dict()))
    ids = {member["id"] for member in told["members"]}
    assert told["roots"] == [b]
    assert all({link["source"], link["target"]} <= ids for link in told["links"])


def test_prov(chain):
    project, a, b = chain
    told = json.loads(json.dumps(project.lineage(b).prov()))
    assert set(told["activity"]) == {f"run:{a}", f"run:{b}"}
    mid = f"content:{project.digest('mid')}"
    assert told["entity"][mid]["prov:label"] == "mid"
    made = [use for use in told["wasGeneratedBy"].values() if use["prov:entity"] == mid]
    assert [use["prov:activity"] for use in made] == [f"run:{a}"]
    used = {(use["prov:activity"], use["prov:entity"]) for use in told["used"].values()}
    assert (f"run:{b}", mid) in used
    parts = {**told["entity"], **told["activity"], **told["agent"]}
    assert all(name.split(":")[0] in told["prefix"] for name in parts)
    for relation in ("used", "wasGeneratedBy", "wasAssociatedWith"):
        for link in told[relation].values():
            ends = {
                link[key] for key in ("prov:entity", "prov:activity", "prov:agent") if key in link
            }
            assert ends <= parts.keys()


def test_prov_is_what_others_read(chain):
    model = pytest.importorskip("prov.model", reason="needs prov: pip install 'whence[test]'")
    project, a, b = chain
    text = json.dumps(project.lineage(b).prov())
    read = model.ProvDocument.deserialize(content=text)
    kinds = {
        kind: len(list(read.get_records(kind)))
        for kind in (model.ProvEntity, model.ProvActivity, model.ProvUsage, model.ProvGeneration)
    }
    assert list(kinds.values()) == [5, 2, 4, 2]
    started = {str(one.identifier): one.get_startTime() for one in read.get_records(
        model.ProvActivity)}  # fmt: skip
    assert all(started[f"run:{run}"].tzinfo is not None for run in (a, b))
    assert model.ProvDocument.deserialize(content=read.serialize()) == read


def test_text(chain):
    project, a, b = chain
    short = {name: project.digest(name)[:12] for name in ("end", "b.py", "mid", "a.py", "raw")}
    assert project.lineage(project.digest("end")).text() == "\n".join(
        [
            f"end  {short['end']}",
            "was put out by",
            f"└─ run b  {b}  completed",
            f"   ├─ code b.py  {short['b.py']}",
            f"   └─ mid  {short['mid']}",
            f"      └─ run a  {a}  completed",
            f"         ├─ code a.py  {short['a.py']}",
            f"         └─ raw  {short['raw']}",
        ]
    )


HOSTILE = '<script>alert("x")</script> "]; x --> y \\ %% #quot; `b` \x1b[31m'


def test_hostile_names_stay_names(project):
    run = project.run(HOSTILE, puts=["x"])
    whole = project.lineage(run)
    assert "\x1b" not in whole.text() + whole.dot() + whole.mermaid()
    (line,) = [line for line in whole.mermaid().splitlines() if "script" in line]
    assert "<" not in line
    assert line.count('"') == 2
    assert line.endswith('"]):::run')
    (line,) = [line for line in whole.dot().splitlines() if "script" in line]
    assert '<script>alert(\\"x\\")' in line


def test_equal_siblings_are_told_as_one(project):
    project.file("model.py", "code")
    for number in range(12):
        project.run(f"run {number}", code=["model.py"], puts=[f"{number}/out.txt", f"{number}/log"])
    project.run("odd", code=["model.py"], puts=["odd.txt"])
    project.run("sum", takes=[f"{number}/out.txt" for number in range(12)], puts=["sum.txt"])
    below = project.lineage(project.digest("model.py")).downstream()
    lines = below.text().splitlines()
    assert [re.sub(r"(?<=\w)  .*", "", line) for line in lines] == [
        "code model.py", "was taken in by", "├─ run odd", "│  └─ odd.txt",
        "└─ 12 runs: run 0 … run 11", "   ├─ 12 × log", "   └─ 12 × out.txt", "      └─ run sum",
        "         └─ sum.txt",
    ]  # fmt: skip
    assert len(below.text(collapse=False).splitlines()) > 36
    assert below.mermaid().count(":::") == 8
    assert below.mermaid(collapse=False).count(":::") == len(below)


def test_siblings_that_are_used_otherwise_are_told_apart(project):
    for number in range(10):
        project.run(f"run {number}", code=["model.py"], puts=[f"{number}/out.txt"])
    project.run("some", takes=[f"{number}/out.txt" for number in range(5)], puts=["some.txt"])
    text = project.lineage(project.digest("model.py")).downstream().text()
    assert "5 runs: run 0 … run 4" in text
    assert "5 runs: run 5 … run 9" in text


def test_a_crowd_is_told_as_one_whatever_the_names(project):
    words = [f"{a}{b}" for a in "abcdef" for b in "klmnop"]
    for word in words:
        project.run(word, code=["model.py"], puts=[f"{word}/one.txt", f"{word}/two.txt"])
    project.run("last", code=["last.py"], puts=[f"system/{word}" for word in words])
    below = project.lineage(project.digest("model.py")).downstream().text()
    assert "36 runs: ak … fp" in below
    assert "36 × one.txt" in below
    assert "36 files: ak … fp" in project.lineage(project.digest("last.py")).downstream().text()


def test_no_query_for_each_member(project):
    def queries(width):
        for number in range(width):
            project.run(f"{width}.{number}", code=[f"{width}.py"], puts=[f"{width}.{number}.txt"])
        lineage = project.lineage(project.digest(f"{width}.py"))
        connection, told = lineage.records.connection, []
        connection.set_trace_callback(told.append)
        lineage.rows(), lineage.members, lineage.links
        connection.set_trace_callback(None)
        return len(told)

    assert queries(3) == queries(40)
