"""The search index of a model: its declaration, its registration, its stores of vectors, its paths and filters."""
