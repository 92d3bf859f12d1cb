"""`whence compare` unfolds what differs by itself."""

from whence.store import Store


def test_it_goes_as_deep_as_there_are_differences(whence):
    writer = Store.create(whence.cwd).writer()
    for number in range(2):
        params = {"seed": number, "model": {"walk": {"step": number / 2, "steps": 10}}}
        facts = {"name": f"n{number}", "params": params}
        writer.append("set", f"20231114T00000{number}abcdefg", {"f": facts})
    writer.close()
    header = whence("compare").stdout.splitlines()[0].split()
    assert header == ["id", "name", "seed", "model.walk.step"]
    assert "<+>" in whence("compare", "--depth", "2").stdout
    assert whence.json("compare")["depth"] == 3


def test_arrays_are_told_in_natural_order():
    from whence.records.sibling import natural

    assert sorted(["a10", "a2", "b1", "a1", "3"], key=natural) == ["3", "a1", "a2", "a10", "b1"]
    assert sorted(["9" * 5000, "8" * 5000], key=natural)[0][0] == "8"
