"""``manage.py xsearch_tidy``"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from xsearch.visitors.consent import tidy


class Command(BaseCommand):
    help = "Delete events, queries and visitors that are older than the settings allow, and count what is popular."

    def handle(self, *_args: Any, **_options: Any) -> None:
        done = tidy()
        self.stdout.write(f"Deleted: {done.events} events, {done.queries} queries, {done.visitors} visitors.")
        self.stdout.write(f"Popular: {done.popular_queries} queries, {done.popular_objects} objects.")
