from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('xsearch', '0003_synonyms'),
    ]

    operations = [
        migrations.AddField(
            model_name='encoderspace',
            name='beside',
            field=models.JSONField(null=True),
        ),
        # Vectors that were staged are made again, in the columns beside.
        migrations.DeleteModel(
            name='StagedVector',
        ),
    ]
