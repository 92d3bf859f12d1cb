"""Estimate pi 500 times by throwing darts, then take the mean: one code, 500 runs, one result."""

import argparse
from pathlib import Path

import numpy as np

import whence

DARTS = 1000


def throw(seed: int, folder: Path) -> Path:
    """Throw the darts of one run, and put its estimate on record; gives the file."""
    with whence.Run() as run:
        run.init(f"throw {seed}", parameters={"seed": seed, "darts": DARTS}, folder="/pi")
        darts = np.random.default_rng(seed).random((DARTS, 2))
        inside = int((np.hypot(*darts.T) <= 1).sum())
        file = folder / f"throw_{seed:03}.txt"
        file.write_text(f"{seed} {4 * inside / DARTS}\n")  # the seed makes each content its own
        run.save_file(file)
    return file


def mean(folder: Path) -> str:
    """Take the mean of all estimates; gives the run's id."""
    with whence.Run() as run:
        run.init("mean", folder="/pi")
        data = whence.DataManager(
            folder,
            load_cfg={"throws": {"loader": "numpy_txt", "glob_str": "throw_*.txt"}},
            out_dir=False,
        )
        data.load_from_cfg()
        estimates = [throw[1] for throw in data["throws"].values()]  # what is read is an input
        result = {"pi": float(np.mean(estimates)), "error": float(np.std(estimates, ddof=1))}
        run.save_object(result, name="pi")
        print(f"pi is {result['pi']:.3f}, from {len(estimates)} runs")
    return run.id


def main() -> None:
    """Throw, take the mean, and draw where it came from."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", type=int, nargs="?", default=500)
    given = parser.parse_args()
    folder = Path("throws")
    folder.mkdir(exist_ok=True)
    for seed in range(given.runs):
        throw(seed, folder)
    found = whence.lineage(mean(folder))
    print(found.text())
    Path("lineage.html").write_text(found.html("One code, 500 runs"), encoding="utf-8")


if __name__ == "__main__":
    main()
