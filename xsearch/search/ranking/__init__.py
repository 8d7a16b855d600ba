"""From scores to ranked hits: fusion, personalisation, groups and facets."""
