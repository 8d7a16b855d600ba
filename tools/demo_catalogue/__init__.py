"""The demonstration catalogue: its products, texts, photos, sounds and test queries, made from a seed."""
