"""How fast search, encoders and indexing are: on the shop's own catalogue, and on made-up ones of any size."""
