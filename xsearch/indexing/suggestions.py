"""The stored suggestions of an index: a refresh adds new ones and deletes those that are gone."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.conf import settings as django_settings
from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count
from django.utils import translation

from xsearch.index.registry import Index
from xsearch.index.trees import Place, up
from xsearch.indexing.database import index_connection, objects_of
from xsearch.models import IndexRecord, Suggestion, SuggestionKey
from xsearch.text.prefix_keys import keys_of

EXAMPLES = 4  # objects
#: The tier of facet values; those of phrases are lower, by the number of objects.
FACET_TIER = 9
_MAX_VALUES = 2_000  # of a facet
_MIN_LENGTH = 2  # characters

# By orders of magnitude of the number of objects: frequent phrases come first.
_TIER = (
    f"CASE WHEN facet <> '' THEN {FACET_TIER} ELSE least(length(objects_with::text) - (objects_with = 1)::int, 3) END"
)
#: All tiers, the most important first.
TIERS = (FACET_TIER, 3, 2, 1, 0)

_GATHER = """
CREATE TEMP TABLE xsearch_gathered ON COMMIT DROP AS
SELECT ''::text AS facet, phrase AS text, '{{}}'::jsonb AS labels, count(*)::int AS objects_with,
       to_jsonb((array_agg(object_id ORDER BY id))[1:{examples}]) AS examples
FROM {records}, jsonb_array_elements_text(phrases) AS phrase
WHERE content_type_id = %s AND length(phrase) >= {shortest}
GROUP BY phrase
"""
_ADD = """
INSERT INTO xsearch_gathered SELECT * FROM jsonb_to_recordset(%s::jsonb)
AS made(facet text, text text, labels jsonb, objects_with int, examples jsonb)
"""
_SYNCHRONISE = (
    """
DELETE FROM {keys} USING {suggestions} AS kept
WHERE suggestion_id = kept.id AND kept.content_type_id = %s
  AND NOT EXISTS (SELECT FROM xsearch_gathered AS gathered WHERE {same})
""",
    """
DELETE FROM {suggestions} AS kept
WHERE content_type_id = %s AND NOT EXISTS (SELECT FROM xsearch_gathered AS gathered WHERE {same})
""",
    """
UPDATE {suggestions} AS kept SET objects_with = gathered.objects_with, examples = gathered.examples
FROM xsearch_gathered AS gathered
WHERE content_type_id = %s AND {same}
  AND (kept.objects_with, kept.examples) IS DISTINCT FROM (gathered.objects_with, gathered.examples)
""",
    """
UPDATE {keys} AS stored SET tier = {tier}
FROM {suggestions} AS kept
WHERE suggestion_id = kept.id AND kept.content_type_id = %s AND stored.tier <> {tier}
""",
)
_INSERT = """
INSERT INTO {suggestions} AS made (content_type_id, facet, text, labels, objects_with, examples)
SELECT %s, facet, text, labels, objects_with, examples FROM xsearch_gathered AS gathered
WHERE NOT EXISTS (SELECT FROM {suggestions} AS kept WHERE content_type_id = %s AND {same})
RETURNING id, text, labels::text, {tier}
"""
#: Parts that the statements share.
_PARTS = {
    "keys": SuggestionKey._meta.db_table,
    "suggestions": Suggestion._meta.db_table,
    "same": "kept.facet = gathered.facet AND kept.text = gathered.text AND kept.labels = gathered.labels",
    "tier": _TIER,
}


def refresh(index: Index) -> None:
    """Update the suggestions from the index records; call it in a transaction, in one worker at a time."""
    content_type_id = index.content_type.pk
    facets = [row for name in index.facets for row in _facet_rows(index, name)]
    with index_connection().cursor() as cursor:
        gather = _GATHER.format(records=IndexRecord._meta.db_table, examples=EXAMPLES, shortest=_MIN_LENGTH)
        cursor.execute(gather, [content_type_id])
        cursor.execute(_ADD, [json.dumps(facets)])
        cursor.execute("ANALYZE xsearch_gathered")
        for statement in _SYNCHRONISE:
            cursor.execute(statement.format(**_PARTS), [content_type_id])
        cursor.execute(_INSERT.format(**_PARTS), [content_type_id] * 2)
        made = cursor.fetchall()
        cursor.execute("DROP TABLE xsearch_gathered")
    _write_keys(content_type_id, made)


def _write_keys(content_type_id: int, made: Sequence[tuple[int, str, str, int]]) -> None:
    columns = f"COPY {SuggestionKey._meta.db_table} (content_type_id, suggestion_id, tier, key) FROM STDIN"
    with index_connection().cursor() as cursor, cursor.copy(columns) as copy:
        for pk, text, labels, tier in made:
            names = dict.fromkeys(json.loads(labels).values()) or [text]
            for key in dict.fromkeys(key for name in names for key in keys_of(name)):
                copy.write_row((content_type_id, pk, tier, key))


def _facet_rows(index: Index, name: str) -> Iterator[dict[str, Any]]:
    """Yield the values of a facet with their labels in every language of the site."""
    found = _facet_values(index, name)
    labels = _labels(index, name, [value for value, *_ in found])
    for value, count, keys in found:
        examples = [str(key) for key in keys[:EXAMPLES]]
        yield {"facet": name, "text": str(value), "labels": labels[value], "objects_with": count, "examples": examples}


def _facet_values(index: Index, name: str) -> list[tuple[Any, int, list[Any]]]:
    """Return (value, number of objects, their keys) of the most frequent values."""
    field = index.field(name)
    objects = objects_of(index).select_related(None).order_by().annotate(xs_value=field.expression())
    counted = objects.values("xs_value").annotate(xs_count=Count("pk"), xs_keys=ArrayAgg("pk", order_by="pk"))
    rows = counted.order_by("-xs_count").values_list("xs_value", "xs_count", "xs_keys")[: _MAX_VALUES + 1]
    found = [row for row in rows if row[0] not in (None, "")][:_MAX_VALUES]
    places = field.places([value for value, *_others in found])
    return _with_parents(found, places) if places else found


def _with_parents(
    found: list[tuple[Any, int, list[Any]]], places: Mapping[Any, Place]
) -> list[tuple[Any, int, list[Any]]]:
    """Add the values above others in a tree; a parent has the objects of all of its children."""
    objects: dict[Any, dict[Any, None]] = defaultdict(dict)
    for value, _count, keys in found:
        for each in up(places, value):
            objects[each] |= dict.fromkeys(keys)
    return [(value, len(keys), sorted(keys)) for value, keys in objects.items()][:_MAX_VALUES]


def _labels(index: Index, name: str, values: list[Any]) -> dict[Any, dict[str, str]]:
    """Return {value: {language: label}}."""
    labels: dict[Any, dict[str, str]] = {value: {} for value in values}
    for code, _name in django_settings.LANGUAGES if django_settings.USE_I18N else [(django_settings.LANGUAGE_CODE, "")]:
        with translation.override(code):
            for value, label in index.field(name).labels(values).items():
                labels[value][code] = label
    return labels
