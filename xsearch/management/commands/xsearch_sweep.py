"""``manage.py xsearch_sweep``"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from xsearch.indexing.tasks import run_sweep


class Command(BaseCommand):
    help = "Send the tasks of what was missed; run it every minute from cron or a systemd timer if Celery has no beat."

    def handle(self, *_args: Any, **options: Any) -> None:
        for label, count in run_sweep().items():
            if options["verbosity"] > 1:  # cron mails every line
                self.stdout.write(f"{label}: {count} waiting.")
