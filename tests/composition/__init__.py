"""Pairs that differ in one attribute: "this, but in the other one's colour" must find the other one first."""

from tests.composition.measure import CONFIGURATIONS, Case, first_right
from tests.composition.pairs import clothing_pairs, demo_pairs

__all__ = ["CONFIGURATIONS", "Case", "clothing_pairs", "demo_pairs", "first_right"]
