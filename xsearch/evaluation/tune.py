"""Tuning: fusion weights fitted to one half of the judgements, and tested on the other half.

Each query is retrieved once and fused again for every set of weights. The only module of this package that uses the
inside of the search.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from typing import Any

from xsearch.conf import overridden, settings
from xsearch.errors import BadQuery
from xsearch.evaluation.evaluate import check_key
from xsearch.evaluation.judgements import JudgedQuery, Skipped
from xsearch.evaluation.metrics import (
    DEPTH,
    SIGNIFICANT,
    Difference,
    EvaluationError,
    Interval,
    confidence_interval,
    mean,
    measure,
    paired_difference,
    statistics,
)
from xsearch.index.registry import Index
from xsearch.media import MediaError
from xsearch.search.compiled_query import CompiledQuery, compile_query
from xsearch.search.context import SearchContext
from xsearch.search.preferences import preferences_of
from xsearch.search.query import read_query
from xsearch.search.ranking.fusion import fuse
from xsearch.search.request import SearchRequest
from xsearch.search.retrieval.retrieve import retrieve
from xsearch.search.retrieval.scores import CandidateScores
from xsearch.search.scope import SearchScope
from xsearch.search.vectors.query_vectors import part_weights

_METRIC = "ndcg@10"
_FACTORS = (0.0, 0.5, 0.7, 0.85, 1.2, 1.5, 2.0)
_FROM_ZERO = (0.1, 0.3, 1.0)
# Small steps often change nothing, so that the whole range of cut-offs is tried.
_CUT_OFFS = (0.0, 0.03, 0.06, 0.09, 0.12, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
_MAX_ROUNDS = 5
_LEAST_GAIN = 0.0005  # of the mean score; smaller gains only fit noise

#: A weight ("WEIGHTS", "lexical") or a setting ("CUT_OFF",) that is tuned.
Parameter = tuple[str, ...]
Point = dict[Parameter, float]
Scores = dict[str, float]


@dataclass(frozen=True)
class Replay:
    """The scores that retrieval found for a judged query: everything that fusion needs."""

    query: JudgedQuery
    context: SearchContext
    compiled: CompiledQuery
    scores: CandidateScores
    #: The keys of the objects in the judgements, by primary key.
    keys: Mapping[Any, str]

    @property
    def names(self) -> list[str]:
        """The names of the parts that were compared."""
        return [name for name in self.scores.columns if name in self.compiled.part_names]

    def ranking(self) -> list[str]:
        """Return the keys of the objects above the cut-off, best first, under the present settings."""
        weights = part_weights(self.names, None, only_changes=self.compiled.only_changes)
        ranked = fuse(self.context, self.compiled, self.scores, weights)
        return [self.keys[key] for key in ranked.keys[:DEPTH] if key in self.keys]


@dataclass(frozen=True)
class Half:
    """Scores of the present and the found settings on one half of the judgements."""

    queries: int
    before: float
    before_interval: Interval
    after: float
    after_interval: Interval
    difference: Difference
    by_kind: dict[str, Difference]

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON of a half, as ``xsearch_tune --json`` prints it."""
        by_kind = {kind: difference._asdict() for kind, difference in self.by_kind.items()}
        return {**vars(self), "difference": self.difference._asdict(), "by_kind": by_kind}


@dataclass(frozen=True)
class Tuning:
    """The result of tuning: settings that differ from the present ones, and the scores on both halves."""

    present: dict[str, Any]
    found: dict[str, Any]
    fitted: Half
    held_out: Half
    skipped: list[Skipped]

    @property
    def is_better(self) -> bool:
        """True if the found settings are significantly better on the held-out queries."""
        return self.held_out.difference.mean > 0 and self.held_out.difference.p_value < SIGNIFICANT

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON that ``xsearch_tune --json`` prints."""
        halves = {"fitted": self.fitted.as_dict(), "held_out": self.held_out.as_dict()}
        return {**asdict(self), "is_better": self.is_better, **halves}


#: Settings that are tuned in addition to ``WEIGHTS``.
BESIDE_PHOTO = ("TEXT_BESIDE_PHOTO", "CHANGE_BESIDE_PHOTO")


def tune(
    index: Index,
    judgements: Iterable[JudgedQuery | Skipped],
    *,
    key: str = "pk",
    seed: int = 0,
    more: Sequence[str] = BESIDE_PHOTO,
    progress: Callable[[str], None] = lambda _line: None,
) -> Tuning:
    """Search for better ``WEIGHTS``, and values of the settings ``more``, by coordinate ascent.

    The score of a query is its nDCG@10; without a relevant object, it is 1 for no hits and 0 for any. Raises
    ``EvaluationError`` if either half of the judgements has no query.
    """
    statistics()
    check_key(index, key)
    replays, skipped = _retrieved(index, judgements, key)
    fitting, held_out = split(replays, seed)
    if not fitting or not held_out:
        raise EvaluationError(f"{len(replays)} queries that can be run are too few to tune on one half of them.")
    progress(f"{len(replays)} queries retrieved; fitting to {len(fitting)} of them")
    present = _present(replays, more)
    found = _ascend(present, fitting, progress)
    return Tuning(
        _as_settings(present),
        _as_settings({parameter: value for parameter, value in found.items() if value != present[parameter]}),
        _half(fitting, present, found, seed),
        _half(held_out, present, found, seed),
        sorted(skipped),
    )


def _retrieved(
    index: Index, judgements: Iterable[JudgedQuery | Skipped], key: str
) -> tuple[list[Replay], list[Skipped]]:
    replays: list[Replay] = []
    skipped: list[Skipped] = []
    for judgement in judgements:
        if isinstance(judgement, Skipped):
            skipped.append(judgement)
            continue
        try:
            replays.append(retrieve_once(index, judgement, key))
        except (BadQuery, MediaError, OSError) as error:
            skipped.append(Skipped(judgement.line, str(error)))
    return replays, skipped


def retrieve_once(index: Index, query: JudgedQuery, key: str) -> Replay:
    """Encode and retrieve ``query``; raise what the search raises."""
    image, audio = (path.read_bytes() if path else None for path in (query.image, query.audio))
    queryset = index.get_queryset()
    context = SearchContext(index, queryset.db)
    request = SearchRequest(text=query.text, image=image, audio=audio, filters=query.filters)
    read = read_query(context, request)
    preferences = preferences_of(context, read.interpretation)
    compiled = replace(compile_query(context, request, read), preferences=preferences)
    scope = SearchScope(queryset, (), query.filters, read.interpretation)
    scores = retrieve(context, compiled, scope.objects())
    keys = dict(queryset.filter(pk__in=scores.keys).values_list("pk", key))
    return Replay(query, context, compiled, scores, {pk: str(value) for pk, value in keys.items()})


def split(replays: Sequence[Replay], seed: int) -> tuple[list[Replay], list[Replay]]:
    """Return two halves with the same number of queries of each kind, or one more; the seed decides which."""
    kinds: dict[tuple[str, bool], list[Replay]] = defaultdict(list)
    for replay in sorted(replays, key=lambda replay: sha256(f"{seed}:{replay.query.id}".encode()).hexdigest()):
        kinds[replay.query.kind, bool(replay.query.relevant)].append(replay)
    halves: tuple[list[Replay], list[Replay]] = ([], [])
    for kind in sorted(kinds):
        for replay in kinds[kind]:
            # Otherwise all kinds with an odd number would make the same half larger.
            halves[len(halves[0]) > len(halves[1])].append(replay)
    return halves


def _present(replays: Iterable[Replay], more: Sequence[str]) -> Point:
    """Return the present weights of the parts of the queries, and the present settings ``more``."""
    used = {name for replay in replays for name in replay.names}
    # Settings come first, or weights would be fitted to do the work of a cut-off.
    point: Point = {(name,): float(getattr(settings, name)) for name in more}
    return point | {("WEIGHTS", name): float(value) for name, value in settings.WEIGHTS.items() if name in used}


def _ascend(start: Point, replays: Sequence[Replay], progress: Callable[[str], None]) -> Point:
    """Improve one parameter after the other, until a round improves nothing."""
    best, scores = dict(start), scored(replays, start)
    for number in range(1, _MAX_ROUNDS + 1):
        before = mean(scores.values())
        for parameter in start:
            best, scores = _best_along(parameter, best, scores, replays)
        after = mean(scores.values())
        progress(f"round {number}: {before:.4f} → {after:.4f}")
        if after - before < _LEAST_GAIN:
            break
    return best


def _best_along(parameter: Parameter, best: Point, scores: Scores, replays: Sequence[Replay]) -> tuple[Point, Scores]:
    affected = [replay for replay in replays if parameter[0] != "WEIGHTS" or parameter[1] in replay.names]
    found, least = (best, scores), mean(scores.values()) + _LEAST_GAIN
    for value in _values(parameter, best[parameter]):
        tried = {**best, parameter: value}
        these = scores | scored(affected, tried)
        if (score := mean(these.values())) > least:
            found, least = (tried, these), score
    return found


def _values(parameter: Parameter, value: float) -> Sequence[float]:
    if parameter == ("CUT_OFF",):
        return _CUT_OFFS
    return [float(f"{value * factor:.2g}") for factor in _FACTORS] if value else _FROM_ZERO


def scored(replays: Sequence[Replay], point: Point) -> Scores:
    """Return the score of each query by its id, with the settings of ``point``."""
    with overridden(_as_settings(point)):
        rankings = {replay.query.id: replay.ranking() for replay in replays}
    relevant = {replay.query.id: replay.query.relevant for replay in replays}
    metrics = measure({name: grades for name, grades in relevant.items() if grades}, rankings)
    return {name: metrics[name][_METRIC] if grades else float(not rankings[name]) for name, grades in relevant.items()}


def _as_settings(point: Mapping[Parameter, float]) -> dict[str, Any]:
    found: dict[str, Any] = {name: value for (name, *part), value in point.items() if not part}
    weights = {part[0]: value for (_name, *part), value in point.items() if part}
    return found | ({"WEIGHTS": weights} if weights else {})


def _half(replays: Sequence[Replay], present: Point, found: Point, seed: int) -> Half:
    before, after = scored(replays, present), scored(replays, found)
    kinds: dict[str, list[str]] = defaultdict(list)
    for replay in replays:
        kinds[replay.query.kind].append(replay.query.id)
    old, new = list(before.values()), [after[name] for name in before]
    by_kind = {
        kind: paired_difference([before[name] for name in names], [after[name] for name in names], seed)
        for kind, names in sorted(kinds.items())
    }
    return Half(
        len(replays),
        mean(old),
        confidence_interval(old, seed),
        mean(new),
        confidence_interval(new, seed),
        paired_difference(old, new, seed),
        by_kind,
    )
