"""Tables of counts, which a task makes anew."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connections, models, router, transaction


def replace_all(model: type[models.Model], rows: Iterable[models.Model]) -> int:
    """Put ``rows`` in the place of all there are, and return how many; readers see the old ones until then."""
    using = router.db_for_write(model)
    with transaction.atomic(using=using):
        with connections[using].cursor() as cursor:  # two that count at once would leave every row twice
            cursor.execute(f'LOCK TABLE "{model._meta.db_table}" IN SHARE ROW EXCLUSIVE MODE')
        everything = model._base_manager.using(using)
        everything.all().delete()
        return len(everything.bulk_create(rows, batch_size=1000))
