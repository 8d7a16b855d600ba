"""Models that the shop has no use for: companions, other keys, links of their own, inheritance."""
