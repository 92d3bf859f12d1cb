"""`whence operations`: one a line, narrowed by a text."""


def test_one_a_line_with_what_it_does(whence):
    lines = whence("operations").stdout.splitlines()
    assert len(lines) > 200
    assert max(map(len, lines)) < 200
    (mean,) = [line for line in lines if line.startswith("np.mean ")]
    assert mean.split(maxsplit=1)[1] == "Compute the arithmetic mean along the specified axis."


def test_a_text_narrows(whence):
    names = [line.split()[0] for line in whence("operations", "mean").stdout.splitlines()]
    assert names == whence.json("operations", "mean") == [".mean", "np.mean"]


def test_nothing_of_that_name_is_told(whence):
    done = whence("operations", "meen", check=False)
    assert done.returncode == 1
    assert not done.stdout
    assert "No operation has 'meen' in its name." in done.stderr
    assert whence.json("operations", "nosuch", check=False) == []
