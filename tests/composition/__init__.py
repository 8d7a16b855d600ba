"""Pairs that differ in one attribute: "this, but in the colour of the other" must find the other one first."""
