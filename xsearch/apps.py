"""Start-up: find the shop's search.py, connect the signals, register the checks."""

from __future__ import annotations

from celery.signals import worker_process_init
from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class XsearchConfig(AppConfig):
    """The xsearch app."""

    name = "xsearch"
    verbose_name = _("Search")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Discover ``search.py`` in every installed app, like ``admin.py``."""
        # Imported for what they register: system checks, Celery tasks, the receiver of logins.
        from xsearch import checks  # noqa: F401
        from xsearch.index.registry import on_register
        from xsearch.indexing import extension, signals, tasks, vector_indexes  # noqa: F401
        from xsearch.visitors import consent, identity  # noqa: F401
        from xsearch.warming import warm_up_worker

        on_register(signals.connect)
        pre_migrate.connect(extension.create_extension, sender=self)
        post_migrate.connect(vector_indexes.create_text_indexes, sender=self)
        identity.connect_users()
        worker_process_init.connect(warm_up_worker)  # type: ignore[no-untyped-call]
        autodiscover_modules("search")
