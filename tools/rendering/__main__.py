"""`python -m tools.rendering`: contact sheets and training sets."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tools.rendering.kinds import KINDS
from tools.rendering.sheet import contact_sheet
from tools.rendering.training import write_training_set


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.rendering", description=__doc__)
    goal = parser.add_mutually_exclusive_group(required=True)
    goal.add_argument("--sheet", type=Path, metavar="OUT.png", help="draw a contact sheet")
    goal.add_argument("--training", type=Path, metavar="DIR", help="write training JPEGs and labels.jsonl")
    parser.add_argument(
        "--mode", choices=("studio", "photo", "training"), default="studio", help="what the sheet shows"
    )
    parser.add_argument("--kinds", default="", help="kinds on the sheet, separated by commas (all)")
    parser.add_argument("--each", type=int, default=1, help="products of each kind on the sheet (1)")
    parser.add_argument("--cell", type=int, default=240, help="pixels of a cell of the sheet (240)")
    parser.add_argument("--count", type=int, default=1000, help="training pictures to write (1000)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the training set (0)")
    parser.add_argument("--size", type=int, default=128, help="pixels of a training picture (128)")
    parser.add_argument("--processes", type=int, default=2, help="processes that draw (2)")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.training:
        write_training_set(
            options.training, count=options.count, seed=options.seed, size=options.size, processes=options.processes
        )
        return 0
    kinds = [kind for kind in options.kinds.split(",") if kind]
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown:
        parser.error(f"unknown kinds {', '.join(unknown)}; choose from {', '.join(KINDS)}")
    contact_sheet(options.sheet, kinds=kinds, each=options.each, cell=options.cell, mode=options.mode)
    return 0


if __name__ == "__main__":
    sys.exit(main())
