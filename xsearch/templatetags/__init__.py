"""Template tags of xsearch."""
