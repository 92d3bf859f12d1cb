"""Recipes: in the file, out of the file, the same bytes."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from whence.base.error import UserError
from whence.plot import render
from whence.plot.recipe import FORMATS, Inputs, Recipe, read_recipe

RECIPE = Recipe.of(
    "walks/12__seed_0",
    {"kind": "line", "helpers": {"set_title": {"title": "µ – “ü” 🙂 (a) \\ <b>&"}}, "x": None},
    data="ab" * 32,
    inputs=[f"{n:064x}" for n in range(50)],
    code={"digest": "cd" * 32, "commit": "0123456"},
    libraries={"matplotlib": "3", "whence": "0"},
)


def draw(format_, recipe=RECIPE):
    with render.sheet({}) as figure:
        axes = figure.subplots()
        axes.plot([0, 1, 3], label="one µ")
        axes.set_title("Averaged walks – $\\alpha$")
        axes.legend()
        render.settle(figure)
        return render.render(figure, format_, recipe)


@pytest.mark.parametrize("format_", FORMATS)
def test_a_figure_carries_its_recipe_whatever_its_name(format_, tmp_path):
    path = tmp_path / "renamed.dat"
    path.write_bytes(draw(format_))
    assert read_recipe(path) == RECIPE


@pytest.mark.parametrize("format_", FORMATS)
def test_the_same_recipe_gives_the_same_bytes_in_another_process(format_):
    code = (
        "import sys, hashlib, importlib.util as u\n"
        f"s = u.spec_from_file_location('t', {str(Path(__file__))!r})\n"
        "m = u.module_from_spec(s); s.loader.exec_module(m)\n"
        f"print(hashlib.sha256(m.draw({format_!r})).hexdigest())"
    )
    for seed in ("1", "2"):
        out = subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PATH": "/usr/bin", "TZ": "Asia/Tokyo", "HOME": "/tmp"},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert out.stdout.strip() == hashlib.sha256(draw(format_)).hexdigest()


def test_the_users_own_matplotlib_settings_play_no_part():
    import matplotlib as mpl

    with mpl.rc_context({"font.size": 31, "lines.linewidth": 9}):
        changed = draw("png")
        assert mpl.rcParams["font.size"] == 31
    assert changed == draw("png")


def test_no_figure_is_left_in_pyplot():
    import matplotlib.pyplot as plt

    draw("png")
    assert plt.get_fignums() == []


def test_the_digest_covers_everything_but_what_is_only_shown():
    base = {"data": "x", "inputs": ["a"]}
    one = Recipe.of("p", {"a": 1}, **base)
    assert one.digest == Recipe.of("p", {"a": 1}, **base).digest
    others = [
        Recipe.of("q", {"a": 1}, **base),
        Recipe.of("p", {"a": 2}, **base),
        Recipe.of("p", {"a": 1}, data="y", inputs=["a"]),
        Recipe.of("p", {"a": 1}, data="x", inputs=["a", "b"]),
        Recipe.of("p", {"a": 1}, **base, code={"digest": "c"}),
        Recipe.of("p", {"a": 1}, **base, libraries={"matplotlib": "9"}),
        Recipe.of("p", {"a": 1}, **base, function={"name": "f", "digest": "d"}),
    ]
    assert len({one.digest, *(other.digest for other in others)}) == 1 + len(others)


def test_a_large_configuration_is_known_by_its_digest_only():
    recipe = Recipe.of("p", {"texts": ["x" * 100] * 1000}, data="d")
    assert recipe.configuration is None
    assert len(recipe.as_json()) < 2000
    assert Recipe.from_json(recipe.as_json()) == recipe


def test_inputs_are_sorted_counted_once_and_cut():
    inputs = Inputs.of(["b", "a", "b"])
    assert (inputs.count, inputs.digests) == (2, ("a", "b"))
    assert inputs == Inputs.of(["a", "b"])
    assert len(RECIPE.inputs.digests) == 40
    assert RECIPE.inputs.count == 50


def test_files_without_a_recipe_have_none(tmp_path):
    from matplotlib.figure import Figure

    for format_ in ("pdf", "png", "svg"):
        path = tmp_path / f"plain.{format_}"
        Figure().savefig(path)
        assert read_recipe(path) is None
    for content in (b"", b"hello", b"\x00" * 100, b"<html/>", b"  {}"):
        (tmp_path / "other").write_bytes(content)
        assert read_recipe(tmp_path / "other") is None


def test_a_file_that_cannot_be_read_is_said_so(tmp_path):
    with pytest.raises(UserError, match="cannot read"):
        read_recipe(tmp_path / "missing.pdf")
    with pytest.raises(UserError, match="cannot read"):
        read_recipe(tmp_path)


def test_an_altered_recipe_is_refused(tmp_path):
    data = draw("svg")
    assert b"0123456" in data
    (tmp_path / "x.svg").write_bytes(data.replace(b"0123456", b"6543210"))
    with pytest.raises(UserError, match="does not agree"):
        read_recipe(tmp_path / "x.svg")


def test_a_recipe_of_a_newer_version_says_what_to_do():
    text = RECIPE.as_json().replace('"whence_recipe":1', '"whence_recipe":2')
    with pytest.raises(UserError, match="Upgrade with"):
        Recipe.from_json(text)


def test_the_embedded_recipe_is_ascii_json_without_places_times_or_hosts():
    text = RECIPE.as_json()
    assert text.isascii()
    assert not {"run", "time", "host", "path", "user"} & set(json.loads(text))
    assert b"CreationDate" not in draw("pdf")


def test_an_unknown_encoding_of_a_damaged_file_is_no_crash(tmp_path):
    (tmp_path / "f.svg").write_bytes(b'<?xml version="1.0" encoding="atf-8"?><svg/>')
    with pytest.raises(UserError, match=r"f\.svg"):
        read_recipe(tmp_path / "f.svg")
