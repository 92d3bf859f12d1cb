"""Narrow guesses at a square root over four runs, each going on from the files of the last."""

import argparse
from pathlib import Path

import numpy as np

import whence

FOLDER = Path(__file__).parent


def step(number: int, target: float, before: Path | None, out: Path) -> float:
    """One run: guess, keep the closest guess, and save both for the next."""
    with whence.Run() as run:
        run.init(f"step {number}", parameters={"target": target, "step": number}, folder="/search")
        if before is None:
            low, high = 0.0, max(target, 1.0)
        else:
            for name in ("guesses.npy", "closest.npy"):
                run.save_file(before / name, "input")
            guesses, closest = np.load(before / "guesses.npy"), np.load(before / "closest.npy")
            place = int(np.searchsorted(guesses, closest))
            low, high = guesses[max(place - 1, 0)], guesses[min(place + 1, len(guesses) - 1)]
        guesses = np.linspace(low, high, 11)
        error = np.abs(guesses**2 - target)
        closest = guesses[error.argmin()]
        out.mkdir(parents=True, exist_ok=True)
        np.save(out / "guesses.npy", guesses)
        np.save(out / "closest.npy", closest)
        for name in ("guesses.npy", "closest.npy"):
            run.save_file(out / name, "output")
        run.update_metadata({"closest": float(closest), "error": float(error.min())})
    return float(closest)


def main() -> None:
    """Search, and draw where the answer came from."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", type=float, nargs="?", default=2.0)
    parser.add_argument("--steps", type=int, default=4)
    given = parser.parse_args()
    before = None
    for number in range(1, given.steps + 1):
        out = Path("steps", str(number))
        print(f"step {number}: {step(number, given.target, before, out):.6f}")
        before = out
    found = whence.lineage(before / "closest.npy")
    print(found.upstream().text())
    Path("lineage.html").write_text(found.html(), encoding="utf-8")
    print("open lineage.html in a browser")


if __name__ == "__main__":
    main()
