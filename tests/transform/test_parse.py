import textwrap

import pytest

from whence.base.error import UserError
from whence.base.yaml import dump, parse
from whence.transform import (
    DagPrev,
    DagTag,
    KeywordArg,
    PositionalArg,
    ResultTag,
    fill_results,
    references,
    yaml_tags,
)


def steps(text):
    return "transform:\n" + textwrap.indent(textwrap.dedent(text), "  ")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- add: [1, 2]", 3),
        ("- operation: add\n  args: [1, 2]", 3),
        ("- operation: np.arange\n  kwargs: {start: 0, stop: 2}", [0, 1]),
        ("- np.arange: {stop: 2}\n  args: [1]", [1]),
        ("- np.arange: 2\n  kwargs: {dtype: float}", [0.0, 1.0]),
        ("- np.: [arange, 2]", [0, 1]),
        ("- dict: ~", {}),
        ("- list: [[1, 2]]\n- len", 2),
        ("- add: [1, 2]\n- sub: [10, !dag_prev ]", 7),
        ("- add: [1, 2]\n- sub: [10]\n  with_previous_result: true", -7),
        ("- add: [1, 2]\n- add: [3, 4]\n- sub: [!dag_node -1, !dag_node 0]", 4),
        ("- add: [1, 2]\n  tag: a\n- define: [{x: [!dag_tag a, (1)]}]", {"x": [3, "(1)"]}),
        ("- add: [1, 2]\n  tag: a\n- expression: 2 * a + prev ** 2 - pi + pi", 15.0),
        ("- expression: 2 * b\n  kwargs: {symbols: {b: 4}, astype: float}", 8.0),
        ("- int: 3\n  salt: x\n  file_cache: {read: false}\n  memory_cache: true", 3),
    ],
)
def test_every_way_to_write_a_step(build, text, expected):
    graph = build(steps(text))
    graph.tag("last", graph.last)
    value = graph.evaluate(["last"])["last"]
    assert (value.tolist() if hasattr(value, "tolist") else value) == expected


def test_definitions_may_refer_to_one_another_in_any_order(build):
    graph = build("""
        define:
          a: [{neg: !dag_tag d}]
          b: {x: [!dag_tag a]}
          c: 3
          d: [{add: [!dag_tag c, 1]}, cubed]
        """)
    assert dict(graph.evaluate()) == {"a": -64, "b": {"x": [-64]}, "c": 3, "d": 64}


def test_tags_with_a_leading_dot_are_computed_only_when_asked_for(build):
    graph = build(steps("- add: [1, 2]\n  tag: .hidden\n- neg: !dag_prev\n  tag: shown"))
    assert list(graph.evaluate()) == ["shown"]
    assert graph.evaluate([".hidden"])[".hidden"] == 3


def test_forced_steps_are_computed_though_nothing_needs_them(build, calls):
    graph = build(steps("- c.add: [1, 2]\n  force_compute: true\n- neg: 1\n  tag: shown"))
    assert dict(graph.evaluate()) == {"shown": -1}
    assert calls.taken() == {"add": 1}


@pytest.mark.parametrize(
    ("text", "code", "place", "says"),
    [
        ("- .meen: 1", "unknown-operation", "2:5", "Did you mean '.mean'"),
        ("- operation: ad\n  args: [1]", "unknown-operation", "2:16", "'add'"),
        ("- np.: [men, 1]", "unknown-operation", "2:5", "'np.mean'"),
        ("- np.: 1", "bad-step", "2:5", "name of a function"),
        ("- add: [1, 2]\n  tga: x", "unknown-key", "3:5", "Did you mean 'tag'"),
        ("- operation: add\n  tga: x", "unknown-key", "3:5", "Did you mean 'tag'"),
        ("- operation: add\n  sub: [1, 2]", "two-operations", "3:5", "step of its own"),
        ("- add: [1, 2]\n  sub: [1, 2]", "two-operations", "3:5", "step of its own"),
        ("- args: [1, 2]", "no-operation", "2:5", "- add: [1, 2]"),
        ("- 3", "bad-step", "2:5", "type int"),
        ("- !dag_prev", "bad-step", "2:5", "a reference, !dag_prev"),
        ("- add: [1, 2]\n  args: [3]", "superfluous-arguments", "3:5", "in one place"),
        ("- dict: {a: 1}\n  kwargs: {b: 2}", "superfluous-arguments", "3:5", "in one place"),
        ("- add: [1, 2]\n  kwargs: [3]", "bad-value", "3:13", "not a mapping"),
        ("- operation: add\n  args: 3", "bad-value", "3:11", "not a list"),
        ("- add: [1, 2]\n  tag: a::b", "bad-tag", "3:10", "without '::'"),
        ("- add: [!dag_tag x, 2]", "unknown-tag", "2:11", "none yet"),
        ("- neg: 1\n  tag: xs\n- neg: !dag_tag x", "unknown-tag", "4:10", "Did you mean 'xs'"),
        ("- neg: !dag_tag x\n- neg: 1\n  tag: x", "unknown-tag", "2:10", "later, at plots.yml:3"),
        ("- neg: 1\n  tag: x\n- neg: 2\n  tag: x", "tag-exists", "4:5", "tag of its own"),
        ("- neg", "no-previous-result", "2:5", "!dag_tag"),
        ("- neg: !dag_node 4", "bad-reference", "2:10", "there are 0 nodes"),
        ("- neg: !dag_result x", "bad-reference", "2:10", "`!dag_tag x`"),
        ("- neg: !arg 0", "bad-reference", "2:10", "meta-operation"),
        ("- lambda: 'x: x'", "operation-not-accepted", "2:5", "register_operation"),
        ("- neg: 1\n  allow_failure: maybe", "bad-value", "3:20", "silent"),
        ("- neg: 1\n  fallback: 3", "fallback-without-failure", "3:5", "allow_failure"),
        ("- neg: 1\n  ignore_hooks: true", "not-accepted-yet", "3:5", ""),
        ("- import: [os.no_such]", "import-failed", "2:5", "no_such"),
        ("- import: [!dag_tag x, a]\n- neg: 1\n  tag: x", "unknown-tag", "2:14", "made later"),
        ("- expression: a.b", "bad-expression", "2:5", "Attribute"),
        ("- expression: a ^ 2", "bad-expression", "2:5", "**"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(build, text, code, place, says):
    with pytest.raises(UserError) as caught:
        build(steps(text))
    (problem,) = caught.value.problems
    assert problem.code == code
    assert str(problem.where) == f"plots.yml:{place}"
    assert problem.where.path[0] == "transform"
    assert says in f"{problem.message} {problem.mend}"


def test_everything_wrong_is_told_at_once(build):
    text = steps("""\
        - .meen: 1
          tag: x
        - neg: !dag_tag x
        - neg: !dag_tag y
        - add: [1, 2]
          tga: z
        """)
    with pytest.raises(UserError) as caught:
        build(text + "define: {a::b: 1}\nselect: {data: some/path}\n")
    assert {problem.code for problem in caught.value.problems} == {
        "unknown-operation", "unknown-tag", "unknown-key", "bad-tag", "no-data",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("transform: {neg: 1}", "not a list of steps"),
        ("transform: neg", "not a list of steps"),
        ("define: [1]", "not a mapping from tags"),
        ("define: {a: []}", "empty list defines nothing"),
        ("define: {a: !dag_tag b, b: !dag_tag a}", "these refer to one another: 'a', 'b'"),
        ("define: {a: !dag_tag dag}", "not accepted yet"),
    ],
)
def test_wrong_sections_are_refused(build, text, says):
    with pytest.raises(UserError, match=says):
        build(text)


def test_the_document_of_the_design(build):
    with pytest.raises(UserError) as caught:
        build("transform:\n  - add: [1, 2]\n  - add: [1, 2]\n  - .meen: [!dag_tag energy, seed]\n")
    assert str(caught.value) == (
        "plots.yml:4:5: unknown operation '.meen'    (transform[2])\n"
        "     4 |   - .meen: [!dag_tag energy, seed]\n"
        "       |     ^^^^^\n"
        "  Did you mean '.mean' or 'np.mean' or '.min'? `whence operations` lists them all."
    )


def test_references_are_written_as_they_are_read():
    values = [DagPrev(), DagTag("x"), ResultTag("y"), PositionalArg(1, [2]), KeywordArg("k")]
    text = dump({"all": values})
    assert parse(text, tags=yaml_tags()).value == {"all": values}
    assert len(list(references({"a": [values, (values,)]}))) == 10


@pytest.mark.parametrize(
    "text",
    ["!dag_prev 3", "!dag_tag", "!dag_tag [a]", "!dag_node x", "!arg [1, 2, 3]", "!dag_ref a"],
)
def test_bad_references_are_told_with_their_place(text):
    with pytest.raises(UserError) as caught:
        parse(f"x: {text}", file="f.yml", tags=yaml_tags())
    assert str(caught.value).startswith("f.yml:1:4: !")


def test_results_fill_placeholders():
    results = {"low": 1, "high": 2}
    assert fill_results({"x": [ResultTag("low"), (ResultTag("high"),)]}, results) == {
        "x": [1, (2,)]
    }
    with pytest.raises(UserError, match="no result named 'lo'\n  Did you mean 'low'"):
        fill_results(ResultTag("lo"), results)
