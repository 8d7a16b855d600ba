"""The HTTP interface: validate, call ``xsearch.search``, serialise, limit. Mount ``xsearch.api.urls``."""
