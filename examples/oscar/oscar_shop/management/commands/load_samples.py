"""``manage.py load_samples``: fill an empty shop."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from oscar_shop import sample


class Command(BaseCommand):
    """Fill an empty shop with the sample catalogue."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the number of samples."""
        parser.add_argument("--per-category", type=int, help="at most this many of each category (default: all)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Load the samples."""
        self.stdout.write(f"{sample.load(options['per_category'])} products; dashboard: {sample.STAFF}")
