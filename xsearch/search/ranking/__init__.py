"""From evidence to a ranking: fusion, preferences, personal taste, facets."""
