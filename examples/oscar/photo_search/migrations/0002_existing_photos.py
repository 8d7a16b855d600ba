"""Rows for the photos that are there already."""

from django.db import migrations


def add_rows(apps, _schema_editor):
    """Add the row of every photo."""
    searchable = apps.get_model("photo_search", "SearchablePhoto").objects
    photos = apps.get_model("catalogue", "ProductImage").objects.values_list("pk", "product_id")
    searchable.bulk_create(searchable.model(image_id=pk, product_id=product_id) for pk, product_id in photos)


class Migration(migrations.Migration):
    dependencies = [("photo_search", "0001_initial")]
    operations = [migrations.RunPython(add_rows, migrations.RunPython.noop)]
