import copy
import math
import pickle
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from whence.base import yaml
from whence.base.error import UserError
from whence.base.problem import Problem, Where


def value_of(text, tags=None):
    return yaml.parse(text, tags=tags).value


def refused(text, tags=None):
    with pytest.raises(UserError) as caught:
        yaml.parse(textwrap.dedent(text), file="f.yml", tags=tags)
    return caught.value.problems


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("1e-3", 1e-3),
        ("1.", 1.0),
        ("+.1", 0.1),
        ("-.05", -0.05),
        (".5e2", 50.0),
        ("1e3", 1000.0),
        ("0x1F", 31),
        ("0o17", 15),
        ("0777", 777),
        ("-12", -12),
        ("+12", 12),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        ("~", None),
        ("null", None),
        ("", None),
        ("TRUE", True),
        ("false", False),
        *((text, text) for text in ("on", "Off", "yes", "NO", "y", "12:30:00", "2020-01-01")),
        *((text, text) for text in ("1_000", "0b11", "1e", ".", "-a", "+.inf.", "1.2.3", "nULL")),
        ("'12'", "12"),
        ('"~"', "~"),
        ("!!str 12", "12"),
        ("!!float 12", 12.0),
        ("!!int '12'", 12),
    ],
)
def test_scalars_mean_what_the_core_schema_says(text, meant):
    value = value_of(f"x: {text}")["x"]
    assert (value, type(value)) == (meant, type(meant))


def test_integers_have_any_size():
    value = 10**5000 - 1
    assert value_of("9" * 5000) == value
    assert value_of(yaml.dump([value])) == [value]


def test_nan_is_read():
    assert math.isnan(value_of(".nan"))


def test_no_text_is_none():
    assert value_of("") is None
    assert value_of("# only a comment\n") is None


def test_merge_keys_and_aliases_give_values_of_their_own():
    value = value_of(
        "base: &b {x: 1, y: [1]}\nother: &o {x: 5, z: 6}\n"
        "one: {<<: *b, x: 2}\ntwo:\n  <<: [*b, *o]\nthree: *b\nfour: {'<<': 1}\n"
    )
    assert value["one"] == {"x": 2, "y": [1]}
    assert value["two"] == {"x": 1, "y": [1], "z": 6}
    assert value["four"] == {"<<": 1}
    value["three"]["y"].append(2)
    assert value["base"] == {"x": 1, "y": [1]}


def test_keys_can_be_numbers_and_lists():
    assert value_of("1: a\n~: b\n[0, 1]: c\n") == {1: "a", None: "b", (0, 1): "c"}


def test_all_problems_of_a_file_are_told_at_once():
    problems = refused(
        """\
        a: !foo 1
        b: 2
        b: {c: !bar [!baz 1]}
        d:
          <<: 3
        ? {x: 1}
        : 1
        e: !!set {1}
        f: !!int x
        """,
        tags={"!food": lambda value, where: value},
    )
    found = [(problem.code, problem.where.line, problem.where.column) for problem in problems]
    assert found == [
        ("unknown-tag", 1, 4),
        ("duplicate-key", 3, 1),
        ("bad-merge", 5, 7),
        ("bad-key", 6, 3),
        ("bad-tag", 8, 4),
        ("bad-tag", 9, 4),
    ]
    assert str(problems[0]) == (
        "f.yml:1:4: unknown tag '!foo'    (a)\n"
        "     1 | a: !foo 1\n"
        "       |    ^^^^^^\n"
        "  Did you mean '!food'?"
    )
    assert problems[1].mend == "It was first given in line 2: keep one of the two."


def test_a_problem_below_several_aliases_is_told_once():
    assert len(refused("a: &a {x: !foo 1}\nb: *a\nc: {<<: *a}\n")) == 1


@pytest.mark.parametrize(
    ("text", "line", "mend"),
    [
        ("a: [1, 2\nb: 3\n", 2, None),
        ("a:\n\t- b\n", 2, "spaces"),
        ("x: [!prev]\n", 1, "space after the tag"),
        ("a: 1\n---\nb: 1\n", 2, None),
        ("a: *nowhere\n", 1, None),
        ("ok: 1\nbad: \x01\n", 2, None),
        ("a: {" * 100_000, None, None),
        ("a: &x\n  b: *x\n", 1, None),
    ],
)
def test_what_is_not_yaml_is_told_with_its_place(text, line, mend):
    (problem,) = refused(text, tags={"!prev": lambda value, where: value})
    assert problem.where.file == "f.yml"
    if line:
        assert problem.where.line == line
        assert problem.where.source == text.split("\n")[line - 1]
    if mend:
        assert mend in problem.mend


def test_nesting_and_unfolding_are_bounded():
    assert "nested more than" in refused("- " * 250 + "x")[0].message
    chain = "a0: &a0 [x]\n" + "".join(f"a{i + 1}: &a{i + 1} [*a{i}]\n" for i in range(1000))
    assert refused(chain)[0].code == "too-deep"
    bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{b}: &{b} [{', '.join([f'*{a}'] * 10)}]\n"
        for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert refused(bomb)[0].code == "too-many-aliases"


def test_tags_get_the_plain_value_and_its_place():
    seen = []

    def build(value, where):
        seen.append((value, where.line, where.path))
        return value

    text = "a: [!t {x: 1e-3}, !t 0, !t '0', !t ]\nb: !t\n"
    assert value_of(text, {"!t": build}) == {"a": [{"x": 1e-3}, 0, "0", None], "b": None}
    assert seen == [
        ({"x": 1e-3}, 1, ("a", 0)),
        (0, 1, ("a", 1)),
        ("0", 1, ("a", 2)),
        (None, 1, ("a", 3)),
        (None, 2, ("b",)),
    ]


def test_what_a_builder_refuses_gets_a_place():
    def build(value, where):
        raise UserError(
            Problem("unknown-key", "no such key", Where(path=("x",))),
            Problem("bad-value", "bad value", Where(path=("y", 0))),
            Problem("other", "as a whole"),
        )

    problems = refused(
        "a: !t\n  x: 1\n  y: [2]\nb: !u 0\n", {"!t": build, "!u": lambda v, w: 1 + ""}
    )
    assert [(str(problem.where), problem.where.dotted) for problem in problems] == [
        ("f.yml:2:3", "a.x"),
        ("f.yml:3:7", "a.y[0]"),
        ("f.yml:1:4", "a"),
        ("f.yml:4:4", "b"),
    ]


def test_a_builder_is_not_asked_about_a_broken_value():
    problems = refused("a: !t {b: !t {c: !nope 1}}", {"!t": lambda value, where: value["x"]["y"]})
    assert [problem.code for problem in problems] == ["unknown-tag"]


def test_where_finds_values_keys_and_the_nearest_ancestor():
    document = yaml.parse(
        "a:\n  b: [1, {c: 2}]\nbase: &x {p: 1}\nm:\n  <<: *x\n  q: 2\n0: zero\n", file="f.yml"
    )
    assert str(document.where("a", "b", 1, "c")) == "f.yml:2:14"
    assert str(document.where_key("a", "b", 1, "c")) == "f.yml:2:11"
    assert str(document.where("a", "nope", "x")) == "f.yml:2:3"
    assert document.where("a", "nope").path == ("a", "nope")
    assert str(document.where("m", "p")) == "f.yml:3:14"
    assert str(document.where(0)) == "f.yml:7:4"
    assert document.where().line == 1
    assert yaml.Document({"a": 1}).where("a") == Where(path=("a",))


def test_documents_can_be_copied_and_compared():
    document = yaml.parse("a: [1]", file="f.yml")
    assert copy.deepcopy(document) == document
    assert document == yaml.Document({"a": [1]}, "f.yml")


def test_files_are_read_whatever_their_encoding(tmp_path):
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        path = tmp_path / "f.yml"
        path.write_text("ü: ☃\r\nb: 2\r\n", encoding=encoding)
        document = yaml.read(path)
        assert document.value == {"ü": "☃", "b": 2}
        assert document.where("b").line == 2


def test_files_that_cannot_be_read_are_told(tmp_path):
    with pytest.raises(UserError, match="No such file"):
        yaml.read(tmp_path / "none.yml")
    with pytest.raises(UserError, match="Is a directory"):
        yaml.read(tmp_path)
    (tmp_path / "latin.yml").write_bytes("a: 1\nb: ü".encode("latin-1"))
    with pytest.raises(UserError, match=r"latin\.yml:2: byte 8 is not valid utf-8"):
        yaml.read(tmp_path / "latin.yml")


class Tagged:
    def __init__(self, inner):
        self.inner = inner

    def yaml_node(self):
        return "!t", self.inner

    def __eq__(self, other):
        return isinstance(other, Tagged) and self.inner == other.inner

    __hash__ = None


@pytest.mark.parametrize("inner", [None, "", "12", 12, "x", [1, None], {"a": {"b": 1}}, [], {}])
def test_tagged_objects_come_back(inner):
    value = {"a": Tagged(inner), "b": [Tagged(inner), Tagged([Tagged(inner)])]}
    assert value_of(yaml.dump(value), {"!t": lambda value, where: Tagged(value)}) == value


def test_numpy_values_are_written_as_numbers():
    value = {"a": np.float64(0.1), "b": np.arange(3), "c": np.bool_(True), "d": np.int32(7)}
    assert yaml.dump(value) == "a: 0.1\nb: [0, 1, 2]\nc: true\nd: 7\n"


def test_text_of_several_lines_stays_readable():
    assert yaml.dump({"note": "first\nsecond\n"}) == "note: |\n  first\n  second\n"


def test_what_has_no_yaml_form_is_named():
    with pytest.raises(UserError, match=r"the value of 'a\.0\.b' cannot be written as YAML"):
        yaml.dump({"a": [{"b": object()}]})
    endless = []
    endless.append(endless)
    with pytest.raises(UserError, match="contains itself"):
        yaml.dump(endless)
    with pytest.raises(UserError, match="as YAML"):
        yaml.dump("\udc00")


def test_it_works_without_the_c_parser():
    program = textwrap.dedent(
        """
        import yaml
        for name in ("CSafeLoader", "CSafeDumper"):
            delattr(yaml, name)
        from whence.base import yaml
        value = {"a": ["yes", "1e-3", 1e-3, None, "<<"], "b": {"c": "x\\ny"}, "d": [], "e": ""}
        assert not hasattr(yaml._Loader, "raw_parse")
        assert yaml.parse(yaml.dump(value)).value == value
        assert yaml.parse("x: !t 0", tags={"!t": lambda value, where: value}).value == {"x": 0}
        try:
            yaml.parse("a: [1\\nb: 2", file="f.yml")
        except yaml.UserError as error:
            assert str(error).startswith("f.yml:2:2"), error
        """
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_places_survive_pickling():
    where = yaml.parse("a: 1", file="f.yml").where("a")
    assert pickle.loads(pickle.dumps(where)) == where
