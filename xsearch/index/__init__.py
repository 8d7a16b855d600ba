"""The declared search index of a model: what is registered, where its vectors live, its paths and filters."""
