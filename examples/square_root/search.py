"""Search a square root over a few runs, each of which narrows the guesses of the one before.

Each run takes in the two arrays that the last one put out. That is all that joins them: their
lineage comes of itself.
"""

import argparse
from pathlib import Path

import numpy as np

import whence

GUESSES = 9


def step(target: float, number: int, before: str | None) -> str:
    """Square the guesses, keep the closest, and put both on record; gives the run's id."""
    client = whence.Client()
    with whence.Run() as run:
        run.init(f"step {number}", parameters={"target": target}, folder="/square_root")
        low, high = 0.0, max(target, 1.0)
        if before is not None:
            guesses = client.get_artifact(before, "guesses", category="output")
            closest = client.get_artifact(before, "closest", category="output")
            run.save_object(guesses, "input", name="guesses")
            run.save_object(closest, "input", name="closest")
            place = int(np.flatnonzero(guesses == closest)[0])
            low, high = guesses[max(place - 1, 0)], guesses[min(place + 1, GUESSES - 1)]
        guesses = np.linspace(low, high, GUESSES)
        error = np.abs(guesses**2 - target)
        closest = guesses[[error.argmin()]]
        run.save_object(guesses, "output", name="guesses")
        run.save_object(closest, "output", name="closest")
        print(f"step {number}: {closest[0]:.6f}, off by {error.min():.1e}")
        return run.id


def main() -> None:
    """Search, then tell where the answer of the third run came from."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", type=float, nargs="?", default=2.0)
    parser.add_argument("--steps", type=int, default=4)
    given = parser.parse_args()
    run, runs = None, []
    for number in range(1, given.steps + 1):
        run = step(given.target, number, run)
        runs.append(run)
    found = whence.lineage(f"{runs[min(2, given.steps - 1)]}:closest")
    print(found.upstream().text())
    Path("lineage.html").write_text(whence.lineage(run).html("Square root"), encoding="utf-8")
    print("lineage.html shows all of it")


if __name__ == "__main__":
    main()
