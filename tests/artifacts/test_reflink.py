"""Saving on a file system that can share blocks: a real one, in a file, where we may mount it."""

import os
import shutil
import subprocess
import time

import pytest

from whence.artifacts import Deposit, Owner, save_file
from whence.base.clock import new_id
from whence.base.digest import digest_file
from whence.store import Store

SIZE = 64 << 20


@pytest.fixture
def sharing(tmp_path):
    """A folder on an XFS of its own."""
    if os.getuid() != 0 or shutil.which("mkfs.xfs") is None:
        pytest.skip("as root, with `apt-get install xfsprogs`")
    image, folder = tmp_path / "image", tmp_path / "xfs"
    with image.open("wb") as file:
        file.truncate(512 << 20)
    folder.mkdir()
    subprocess.run(["mkfs.xfs", "-q", "-m", "reflink=1", image], check=True)
    if subprocess.run(["mount", "-o", "loop", image, folder], capture_output=True).returncode:
        pytest.skip("where loop devices may be mounted")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def used(folder):
    os.sync()
    status = os.statvfs(folder)
    return (status.f_blocks - status.f_bfree) * status.f_frsize


@pytest.mark.parametrize("age", [0, 60])
@pytest.mark.parametrize("mode", ["copy", "auto"])
def test_a_saved_file_shares_its_blocks_until_it_is_changed(sharing, mode, age):
    source = sharing / "big.dat"
    source.write_bytes(os.urandom(SIZE))
    root = Store.create(sharing / "project").root
    store = Store.open(root, clock=lambda: time.time() + age)
    before = used(sharing)
    facts = save_file(Owner(store, new_id()), Deposit(source, mode=mode))
    assert used(sharing) - before < SIZE // 4
    assert facts["kept"] == "object"  # not a reference: the bytes are the store's own now
    with source.open("r+b") as file:
        file.write(b"changed")
    with store.open_content(facts["digest"]) as content:
        assert len(content.read(16)) == 16
    (path,) = store.root.glob(f"objects/*/{facts['digest'][2:]}")
    assert digest_file(path) == facts["digest"] != digest_file(source)
    store.writer().close()
