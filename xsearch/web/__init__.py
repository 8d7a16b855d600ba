"""Requests from customers: uploads, parameters, rate limits and errors, for the API, the pages and the admin."""
