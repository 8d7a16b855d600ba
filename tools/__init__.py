"""Tools of the developers of django-xsearch: nothing here runs in a shop or is part of the package."""
