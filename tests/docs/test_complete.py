"""The pages on the files that one writes name everything that the code accepts."""

import dataclasses
import inspect
import re
from pathlib import Path

import pytest

import whence
from whence.app.config import Config
from whence.params import yaml_tags
from whence.params.dim import VALUE_KINDS, CoupledParamDim, ParamDim
from whence.params.tag import _LATER
from whence.plot import facet, helper, selection, spec
from whence.plot.creator import CREATORS
from whence.plot.manager import Settings
from whence.transform import reference, step
from whence.transform.combine import _FIELD_KEYS, _SECTION_KEYS
from whence.transform.parse import _SELECT_KEYS
from whence.tree import DataManager, loaders
from whence.tree.entry import _KEYS as ENTRY
from whence.tree.registry import groups

DOCS = Path(__file__).parents[2] / "docs" / "reference"
PROGRAM = {"cache", "recorder", "progress", "digest_of", "code", "again"}  # not for a file


def _of(function):
    return [name for name in inspect.signature(function).parameters if name != "target_pdim"]


def _accepted():
    tags = [tag for tag in yaml_tags() if tag not in _LATER.split()]
    yield "space", [*VALUE_KINDS, *_of(ParamDim), *_of(CoupledParamDim), *tags]
    loading = [*ENTRY, *loaders(), *loaders()["hdf5"].options(), *groups()]
    manager = [name for name in _of(DataManager) if name != "data_dir"]
    plotting = {field.name for field in dataclasses.fields(Settings)} - PROGRAM
    yield "eval", [*loading, *manager, *plotting, *spec.SETTINGS]
    yield "plots", [
        *spec._KEYS, *CREATORS, *(key for one in CREATORS.values() for key in one.keys),
        *selection.DAG_OPTIONS, *facet.KEYS, *facet.SLOTS, *helper.HELPERS, *step.KEYS,
        *_SELECT_KEYS, *_SECTION_KEYS, *_FIELD_KEYS, "based_on",
        *(tag for tag in reference.yaml_tags() if not _refused(tag)),
    ]  # fmt: skip
    yield "config", [field.name for field in dataclasses.fields(Config)]


def _refused(tag):
    """Whether a tag is known only to be told that it is not accepted yet, or is an operation's."""
    return tag in ("!dag_ref", "!dag_trf", "!mop_tag", "!arg", "!kwarg")


@pytest.mark.parametrize(("page", "words"), [*_accepted()])
def test_a_page_names_what_is_accepted(page, words):
    told = set(re.findall(r"`(!?[\w-]+)(?: [^`]*)?`", (DOCS / f"{page}.md").read_text()))
    missing = [word for word in dict.fromkeys(words) if word not in told]
    assert not missing, f"docs/reference/{page}.md does not name {missing}"


def test_every_public_name_has_its_page():
    listed = (DOCS.parent / "api" / "index.rst").read_text().split()
    missing = [name for name in whence.__all__ if not {name, f"{name}.{name}"} & set(listed)]
    assert not missing, f"docs/api/index.rst does not list {missing}"
