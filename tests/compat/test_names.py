"""The names under which other systems' code finds ours."""

import importlib

import pytest

import whence.compat.dantro
import whence.compat.dantro.utils
from whence.base.error import UserError
from whence.compat import dantro as dtr
from whence.compat import paramspace as psp


def test_every_name_is_there():
    for name in dtr.__all__:
        assert getattr(dtr, name) is not None
    for module in (dtr.groups, dtr.containers, dtr.data_loaders, dtr.tools, psp):
        for name in module.__all__:
            assert getattr(module, name).__name__ == name
    assert whence.compat.dantro.utils.register_operation.__name__ == "register_operation"
    with pytest.raises(AttributeError, match="no attribute 'DataManger'"):
        _ = dtr.DataManger


@pytest.mark.parametrize(
    "path",
    [
        "simvue.Client",
        "simvue.Run",
        "squirrel.artifact_manager.ArtifactManager",
        "squirrel.artifact_manager.base.ArtifactManager",
        "squirrel.artifact_manager.base.DirectoryLogger",
        "squirrel.artifact_manager.base.TmpArtifact",
        "squirrel.catalog.Catalog",
        "squirrel.catalog.CatalogKey",
        "squirrel.catalog.Source",
        "squirrel.catalog.catalog.CatalogSource",
    ],
)
def test_names_are_where_the_other_system_has_them(path):
    module, _, name = f"whence.compat.{path}".rpartition(".")
    found = getattr(importlib.import_module(module), name)
    assert found.__name__ == name


def test_yaml_round_trip(tmp_path):
    space = psp.ParamSpace({"a": psp.ParamDim(default=0, values=[1, 2]), "b": 3})
    dtr.tools.write_yml(space, path=tmp_path / "new" / "folder" / "space.yml")
    assert dtr.tools.load_yml(tmp_path / "new" / "folder" / "space.yml") == space
    with pytest.raises(UserError, match="cannot read"):
        dtr.tools.load_yml(tmp_path / "none.yml")
