"""What the templates of the search bar and the results need to know."""
