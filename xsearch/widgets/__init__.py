"""The search bar and the results page as their templates read them."""
