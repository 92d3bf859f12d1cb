"""What a project says in ``whence.toml``."""

from pathlib import Path

import pytest

from whence.app.config import Config
from whence.base.error import UserError


def test_a_project_need_not_say_anything(tmp_path: Path) -> None:
    assert Config.read(tmp_path) == Config()
    (tmp_path / "whence.toml").write_text('[evaluation]\nplots = "figures.yml"\n')
    assert Config.read(tmp_path) == Config(plots="figures.yml")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"[evaluation\n", "whence.toml: Expected"),
        (b"\xe9", "whence.toml: 'utf-8' codec can't decode"),
        (b"[evaluation]\nplot = 'a'\n", "whence.toml:2:1: unknown key 'plot'"),
        (b"[evaluation]\nplots = 3\n", "whence.toml:2:1: 'plots' must be text"),
        (b"[evaluations]\n", "whence.toml:1:2: unknown 'evaluations'"),
        (None, "whence.toml: Is a directory"),
    ],
)
def test_what_means_nothing_is_told_with_its_place(
    tmp_path: Path, content: bytes | None, told: str
) -> None:
    if content is None:
        (tmp_path / "whence.toml").mkdir()
    else:
        (tmp_path / "whence.toml").write_bytes(content)
    with pytest.raises(UserError) as error:
        Config.read(tmp_path)
    assert told in str(error.value)
