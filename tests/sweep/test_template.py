import pytest

from whence.base.error import UserError
from whence.sweep import Template


@pytest.mark.parametrize(
    ("word", "written"),
    [
        ("{seed}", "3"),
        ("-D{model.rate:.3f}x{seed:02d}", "-D0.250x03"),
        ("{{seed}} {{}}", "{seed} {}"),
        ("{flag}", "true"),
        ("{none}|", "|"),
        ("{sizes}", "[1,2]"),
        ("{model.name}", "a b"),
        ("plain", "plain"),
        ("{out}/log", "runs/x/log"),
    ],
)
def test_placeholders_are_filled_in(word, written):
    values = {
        "seed": 3,
        "model.rate": 0.25,
        "model.name": "a b",
        "flag": True,
        "none": None,
        "sizes": (1, 2),
        "out": "runs/x",
    }
    assert Template((word,)).fill(values) == [written]


def test_every_unknown_placeholder_is_named_with_what_is_near():
    template = Template(("./solve", "{sede}", "{model.rat}", "{out}"))
    with pytest.raises(UserError) as refused:
        template.check(["seed", "model.rate"])
    text = str(refused.value)
    assert len(refused.value.problems) == 2
    assert "{sede}" in text
    assert "'seed'" in text
    assert "'model.rate'" in text


@pytest.mark.parametrize("word", ["{seed", "seed}", "{}", "{seed!r}", "awk '{print $1}{'"])
def test_what_cannot_be_read_is_refused(word):
    with pytest.raises(UserError):
        Template((word,))


def test_a_parameter_named_like_one_of_ours_is_refused():
    with pytest.raises(UserError, match="could mean"):
        Template(("{state}",)).check(["state"])
    Template(("{seed}",)).check(["state", "seed"])


def test_a_value_that_does_not_fit_its_format_is_refused():
    with pytest.raises(UserError, match=r"'\.2f'"):
        Template(("{name:.2f}",)).fill({"name": "a"})
