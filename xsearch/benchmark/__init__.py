"""Speed of search, encoders and indexing, on the shop's own catalogue and on made-up ones of any size."""
