"""The demonstration catalogue: what the shop sells, how it is described, and how it sounds."""
