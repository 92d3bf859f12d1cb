"""Run the benchmarks and print each beside its floor: see README.md."""

import argparse
import importlib.util
import json
import os
import platform
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from pair import Figure, Pair, measure

FOLDER = Path(__file__).parent


def benchmarks(wanted: list[str]) -> Iterator[Callable[[], Iterator[Pair]]]:
    for file in sorted(FOLDER.glob("bench_*.py")):
        if wanted and not any(word in file.stem for word in wanted):
            continue
        spec = importlib.util.spec_from_file_location(file.stem, file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield module.pairs


def human(time_: float | None) -> str:
    if time_ is None:
        return "-"
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if time_ >= size:
            return f"{time_ / size:.3g} {unit}"
    return f"{time_ / 1e-9:.3g} ns"


def row(figure: Figure) -> str:
    ratio = f"{figure.ratio:.2f}x" if figure.ratio else "-"
    wanted = [f"{figure.reach:g}x"] if figure.reach else []
    wanted += [human(figure.within)] if figure.within else []
    reached = {True: "yes", False: "no", None: ""}[figure.reached]
    cells = (human(figure.ours), human(figure.floor), ratio, ", ".join(wanted), reached)
    return f"{figure.what:<58}" + "".join(f"{cell:>13}" for cell in cells)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wanted", nargs="*", metavar="WORD", help="part of a benchmark's name")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here too")
    arguments = parser.parse_args()
    print(
        f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    )
    heads = ("ours", "floor", "ratio", "reach", "reached")
    print(f"{'':<58}" + "".join(f"{head:>13}" for head in heads))
    figures, broken = [], False
    for pairs in benchmarks(arguments.wanted):
        try:
            for pair in pairs():
                figures.append(measure(pair))
                print(row(figures[-1]), flush=True)
        except Exception:  # the others are still worth their time
            traceback.print_exc()
            broken = True
    if not figures:
        sys.exit(f"no benchmark ran; asked for: {' '.join(arguments.wanted) or 'all'}")
    if arguments.json:
        facts = [asdict(figure) | {"reached": figure.reached} for figure in figures]
        arguments.json.write_text(json.dumps(facts, indent=2) + "\n")
    sys.exit(broken)


if __name__ == "__main__":
    main()
