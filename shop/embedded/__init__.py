"""PostgreSQL with pgvector from a PyPI package, so that the demo and the tests need no database server."""
