from django.db import migrations

# Content types and users may be in another database than the catalogue, so no constraint leads to their tables.
# New databases never get one: the migrations before this one say so, and so does the state.


def drop_constraints(apps, schema_editor):
    for model in apps.get_app_config("xsearch").get_models():
        for field in model._meta.local_fields:
            if field.remote_field is None or field.db_constraint:
                continue
            for name in schema_editor._constraint_names(model, [field.column], foreign_key=True):
                schema_editor.execute(schema_editor._delete_fk_sql(model, name))


class Migration(migrations.Migration):

    dependencies = [
        ('xsearch', '0010_leases'),
    ]

    operations = [
        migrations.RunPython(drop_constraints, migrations.RunPython.noop),
    ]
