"""Filters by prepared values, which the record of an object keeps as JSON: {name: values}."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.contenttypes.models import ContentType
from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import Exists, F, Func, OuterRef, Q, Subquery
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import Cast
from django.utils import timezone

from xsearch.index.fields import BooleanFilter, DateFilter, FilterField, NumberFilter, TextFilter
from xsearch.index.lists import Unnested
from xsearch.index.prepared import VALUES, prepared_type, values_from
from xsearch.models import IndexRecord

if TYPE_CHECKING:
    from xsearch.index.declaration import Declaration

_OPERATORS = {"min": ">=", "max": "<="}


def records_of(index: Declaration, key: Any) -> models.QuerySet[IndexRecord]:
    """Return the record of the object whose primary key is the expression ``key``."""
    content_type = ContentType.objects.get_for_model(index.model)
    return IndexRecord.objects.filter(content_type=content_type, object_id=Cast(key, models.TextField()))


def with_values(index: Declaration, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
    """Load the prepared values along with the objects, for ``card``."""
    if not index.prepared:
        return queryset
    kept = Subquery(records_of(index, OuterRef("pk")).values("values"))
    annotated: models.QuerySet[Any] = queryset.annotate(**{VALUES: kept})
    return annotated


#: Whether there is anything at a path; equal values are found by an index.
_EXISTS = "({} @? %s::jsonpath)"
#: Each value at a path as a text, in a row of its own; and the first one.
_EACH = "(jsonb_path_query({}, %s::jsonpath) #>> '{{}}')"
_FIRST = "(jsonb_path_query_first({}, %s::jsonpath) #>> '{{}}')"


class _AtPath(Func):
    """What prepared values have at a path of JSON."""

    def __init__(self, sql: str, path: str, field: models.Field[Any, Any]) -> None:
        super().__init__(F("values"), output_field=field)
        self._sql, self._path, self.set_returning = sql, path, sql == _EACH

    def as_sql(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, Any]:  # type: ignore[override]  # noqa: ARG002
        values, params = compiler.compile(self.get_source_expressions()[0])
        return self._sql.format(values), [*params, self._path]


class _AsType(Func):
    """A text as the type of the output field, without limits of its length or digits."""

    template = "(%(expressions)s)::%(kind)s"


class _Elements(Func):
    """Each element of a list of JSON, as a row of its own."""

    function = "jsonb_array_elements"
    output_field = models.JSONField()
    set_returning = True


class PreparedFilter(FilterField):
    """A filter by prepared values."""

    #: The type of the values in the database.
    kind: ClassVar[str] = "text"

    def __init__(self, index: Declaration, name: str) -> None:
        field = prepared_type(index, name).field
        super().__init__(index, name, name, type(field)(verbose_name=name))

    @property
    def many(self) -> str:
        """No relation: a condition is about the object."""
        return ""

    @property
    def is_multiple(self) -> bool:
        """True, for any object may have several values."""
        return True

    def column(self, prefix: str = "") -> Any:
        """Return the values of an object, a row for each; ``prefix`` leads from the row to the object."""
        elements = _AtPath(_EACH, self._of_type, models.TextField())
        rows = records_of(self.index, OuterRef(f"{prefix}pk"))
        return Unnested(ArraySubquery(rows.values_list(self._typed(elements))), output_field=self.field)

    def elements(self) -> Any:
        """Return each value that a record keeps, as JSON."""
        return _Elements(KeyTransform(self.name, "values"))

    def first(self) -> Any:
        """Return the value of an object, the smallest of several."""
        text = _AtPath(_FIRST, self._of_type, models.TextField())
        return Subquery(records_of(self.index, OuterRef("pk")).values_list(self._typed(text))[:1])

    def of_another_type(self) -> Q:
        """Return the condition that a record keeps a value of a type that was declared before."""
        test = prepared_type(self.index, self.name).test
        return self._has(f"{self._all} ? (!({test}) || ({test}) is unknown)")

    @property
    def _all(self) -> str:
        """The path of all values."""
        return f"$.{json.dumps(self.name)}[*]"

    @property
    def _of_type(self) -> str:
        """The path of those of the declared type."""
        return f"{self._all} ? ({prepared_type(self.index, self.name).test})"

    def _typed(self, text: Any) -> _AsType:
        return _AsType(text, kind=self.kind, output_field=self.field)

    def read(self, obj: models.Model) -> Iterator[Any]:
        """Yield the values of an object, read from its record unless they were loaded with it."""
        kept = getattr(obj, VALUES, None)
        if kept is None:
            kept = records_of(self.index, models.Value(str(obj.pk))).values_list("values", flat=True).first()
        yield from self.from_json((kept or {}).get(self.name))

    def from_json(self, kept: Sequence[Any] | None) -> list[Any]:
        """Return the values that a record keeps."""
        return values_from(self.index, self.name, kept)

    # Conditions

    def condition(self, values: Sequence[Any]) -> Q:
        """Return the condition that an object has one of ``values``, exactly as they are."""
        return self._exists(" || ".join(map(self._equals, values)))

    def bound(self, bound: str, value: Any) -> Q:
        """Return the condition that a value is at least ("min") or at most ("max") ``value``."""
        return self._exists(self._test(bound, value))

    def within(self, bounds: Mapping[str, Any]) -> Q:
        """Return the condition that one of the values is within all bounds."""
        return self._exists(" && ".join(self._test(bound, value) for bound, value in bounds.items()))

    def known(self) -> Q:
        """Return the condition that an object has a value."""
        return self._exists("")

    def _equals(self, value: Any) -> str:
        return f"@ == {self._literal(self.parse(value))}"

    def _test(self, bound: str, value: Any) -> str:
        return f"@ {_OPERATORS[bound]} {self._literal(self.parse(value, f'{self.name}_{bound}'))}"

    def _literal(self, value: Any) -> str:
        """Return a value as a literal in a path of JSON."""
        return json.dumps(prepared_type(self.index, self.name).to_json(value), ensure_ascii=False)

    def _exists(self, test: str) -> Q:
        path = self._all + (f" ? ({test})" if test else "")
        records = records_of(self.index, OuterRef("pk")).exclude(values={})  # as the index says
        return Q(Exists(records.filter(self._has(path))))

    @staticmethod
    def _has(path: str) -> Q:
        return Q(_AtPath(_EXISTS, path, models.BooleanField()))


class PreparedNumber(PreparedFilter, NumberFilter):
    """A prepared number."""

    kind = "numeric"


class PreparedText(PreparedFilter, TextFilter):
    """A prepared text."""


class PreparedSwitch(PreparedFilter, BooleanFilter):
    """A prepared yes or no."""

    kind = "boolean"


class PreparedDate(PreparedFilter, DateFilter):
    """A prepared date; of moments, a day means all of it."""

    kind = "date"

    def _equals(self, value: Any) -> str:
        start, end = self._span(self.parse(value))
        last = f"@ < {self._literal(end)}" if start < end else f"@ <= {self._literal(end)}"
        return f"(@ >= {self._literal(start)} && {last})"

    def _test(self, bound: str, value: Any) -> str:
        start, end = self._span(self.parse(value, f"{self.name}_{bound}"))
        if bound == "min" or start == end:
            return f"@ {_OPERATORS[bound]} {self._literal(start)}"
        return f"@ < {self._literal(end)}"


class PreparedTime(PreparedDate):
    """A prepared date with a time."""

    kind = "timestamptz"

    def from_json(self, kept: Sequence[Any] | None) -> list[Any]:
        """Return the days."""
        moments = super().from_json(kept)
        return [(timezone.localtime(each) if timezone.is_aware(each) else each).date() for each in moments]


_KINDS: dict[type[models.Field[Any, Any]], type[PreparedFilter]] = {
    models.DecimalField: PreparedNumber,
    models.TextField: PreparedText,
    models.BooleanField: PreparedSwitch,
    models.DateField: PreparedDate,
    models.DateTimeField: PreparedTime,
}


def prepared_filter(index: Declaration, name: str) -> PreparedFilter:
    """Return the filter by a prepared value."""
    return _KINDS[type(prepared_type(index, name).field)](index, name)
