"""The words of a query: terms, synonyms, glossary, weights, spelling and the full-text query."""
