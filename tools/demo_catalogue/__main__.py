"""`python -m tools.demo_catalogue OUT`: write the catalogue of the demo shop."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from tools.demo_catalogue.write import write_catalogue


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.demo_catalogue", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="OUT", help="the demo ships shop/demo_catalogue")
    parser.add_argument("--products", type=_positive, help="only so many, of as many kinds as possible")
    parser.add_argument("--processes", type=_positive, default=min(os.cpu_count() or 1, 8))
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, not {number}")
    return number


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    options = _parser().parse_args(arguments)
    started = time.monotonic()
    count = write_catalogue(
        options.folder, products=options.products, processes=options.processes, progress=_tell_progress
    )
    print(f"{count} products in {options.folder} after {time.monotonic() - started:.0f} s")
    return 0


def _tell_progress(done: int, total: int) -> None:
    on_screen = sys.stdout.isatty()
    if done % (10 if on_screen else 100) == 0 or done == total:
        print(f"  {done} of {total} products drawn", end="\r" if on_screen and done < total else "\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
