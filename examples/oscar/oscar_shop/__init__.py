"""A django-oscar shop as it was before it got this search: settings, addresses and a sample catalogue."""
