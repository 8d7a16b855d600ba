"""Tenants as schemas: the host of a request decides about the search path."""

from collections.abc import Callable

from django.db import connection
from django.http import HttpRequest, HttpResponse

TENANTS = ("first", "second")


def use(name: str) -> None:
    """Let this connection see the tables of one tenant, and the types of the extensions."""
    with connection.cursor() as cursor:
        cursor.execute(f'SET search_path TO "{name}", public')


def create(name: str) -> None:
    """Make the schema of a tenant, and use it."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE EXTENSION IF NOT EXISTS vector SCHEMA public")
        cursor.execute(f'CREATE SCHEMA "{name}"')
    use(name)


def by_host(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Choose the tenant before anything else is read."""

    def middleware(request: HttpRequest) -> HttpResponse:
        name = request.get_host().partition(".")[0]
        if name in TENANTS:
            use(name)
        return get_response(request)

    return middleware
