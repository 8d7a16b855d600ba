"""The second variant: one vector for every photo of a product."""
