"""Requests and responses for the API, the search page and the admin: parameters, uploads, limits, problems."""
