"""Metrics against numbers worked out by hand, and the lines of a query file."""

import json
from math import log2

import pytest

from xsearch.evaluation import JudgedQuery, Skipped, measure, read_judgements
from xsearch.evaluation.evaluate import Evaluation
from xsearch.evaluation.table import as_table


def test_metrics_of_two_relevant_at_ranks_one_and_three():
    scores = measure({"q": {"a": 1, "b": 2, "never": 0}}, {"q": ["b", "x", "a"]})["q"]
    assert scores == {
        "recall@1": 0.5,
        "recall@5": 1.0,
        "recall@10": 1.0,
        "mrr": 1.0,
        "ndcg@10": pytest.approx((2 / log2(2) + 1 / log2(4)) / (2 / log2(2) + 1 / log2(3))),
    }


def test_relevant_beyond_rank_ten_counts_for_mrr_only():
    scores = measure({"q": {"z": 1}}, {"q": [*"abcdefghijk", "z"]})["q"]
    assert scores == {
        "recall@1": 0,
        "recall@5": 0,
        "recall@10": 0,
        "mrr": pytest.approx(1 / 12),
        "ndcg@10": 0,
    }


def test_recall_at_five_ends_after_five():
    scores = measure({"q": {"e": 1, "f": 1}}, {"q": [*"abcdef"]})["q"]
    assert (scores["recall@5"], scores["recall@10"], scores["mrr"]) == (0.5, 1.0, pytest.approx(0.2))
    assert scores["ndcg@10"] == pytest.approx((1 / log2(6) + 1 / log2(7)) / (1 + 1 / log2(3)))


def test_queries_without_results_count_as_zero():
    scores = measure({"found": {"a": 1}, "empty": {"a": 1}}, {"found": ["a"], "empty": []})
    assert scores["found"]["ndcg@10"] == 1
    assert scores["empty"] == dict.fromkeys(scores["found"], 0)


def test_an_object_listed_twice_counts_at_its_first_rank():
    assert measure({"q": {"a": 1, "b": 1}}, {"q": ["x", "a", "a", "b"]})["q"]["mrr"] == 0.5
    assert measure({"q": {"a": 1}}, {"q": ["x", "a", "a"]})["q"]["recall@10"] == 1


def lines(*entries: object) -> list[bytes]:
    return [entry if isinstance(entry, bytes) else json.dumps(entry).encode() for entry in entries]


def test_a_line_becomes_a_query_with_its_kind(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"x")
    (tmp_path / "a.wav").write_bytes(b"x")
    entry = {
        "id": 7,
        "text": "red",
        "image": "a.jpg",
        "audio": "a.wav",
        "filters": {"price_max": 5},
        "relevant": {"a": 2.0},
    }
    (query,) = read_judgements(lines(b"\xef\xbb\xbf" + json.dumps(entry).encode()), tmp_path)
    assert query == JudgedQuery(1, "7", {"a": 2}, "red", tmp_path / "a.jpg", tmp_path / "a.wav", {"price_max": 5})
    assert query.kind == "audio+image+text"


def test_a_line_may_name_its_kind_and_may_say_that_nothing_suits(tmp_path):
    (query,) = read_judgements(lines({"id": "n", "text": "xqzvw", "kind": "nonsense", "relevant": {}}), tmp_path)
    assert (query.kind, query.inputs, query.relevant) == ("nonsense", ["text"], {})


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (b"{", "not JSON"),
        (b"\xff", "not UTF-8"),
        (b"[" * 100_000, "not JSON"),
        ([1], "a line must be a JSON object"),
        ({"text": "a", "relevant": {"a": 1}}, "id is missing"),
        ({"id": True, "text": "a", "relevant": {"a": 1}}, "id is missing"),
        ({"id": "1", "relevant": {"a": 1}}, "nothing to search for"),
        ({"id": "1", "text": " ", "relevant": {"a": 1}}, "text must be"),
        ({"id": "1", "text": "a"}, "relevant must be an object"),
        ({"id": "1", "text": "a", "relevant": ["a"]}, "relevant must be an object"),
        ({"id": "1", "text": "a", "relevant": {"a": 0}}, "needs a grade above 0"),
        ({"id": "1", "text": "a", "kind": "", "relevant": {"a": 1}}, "kind must be a short name"),
        ({"id": "1", "text": "a", "kind": 3, "relevant": {"a": 1}}, "kind must be a short name"),
        ({"id": "1", "kind": "typo", "relevant": {"a": 1}}, "nothing to search for"),
        ({"id": "1", "text": "a", "relevant": {"a": -1}}, "the grade of 'a' must be"),
        ({"id": "1", "text": "a", "relevant": {"a": 0.5}}, "the grade of 'a' must be"),
        (b'{"id": "1", "text": "a", "relevant": {"a": NaN}}', "not nan"),
        (b'{"id": "1", "text": "a", "relevant": {"a": Infinity}}', "not inf"),
        ({"id": "1", "text": "a", "relevant": {"a": "1"}}, "the grade of 'a' must be"),
        ({"id": "1", "image": "no.jpg", "relevant": {"a": 1}}, "there is no file no.jpg"),
        ({"id": "1", "audio": 3, "relevant": {"a": 1}}, "audio must be the path"),
        ({"id": "1", "image": "a\x00", "relevant": {"a": 1}}, "image must be the path"),
        ({"id": "1", "text": "a", "filters": [], "relevant": {"a": 1}}, "filters must be an object"),
    ],
)
def test_a_bad_line_is_named_with_its_reason_and_the_rest_counts(tmp_path, entry, reason):
    good = {"id": "good", "text": "red", "relevant": {"a": 1}}
    bad, blank_follows = read_judgements([*lines(entry), b"\n", *lines(good)], tmp_path)
    assert isinstance(bad, Skipped)
    assert bad.line == 1
    assert reason in bad.reason
    assert (blank_follows.line, blank_follows.id) == (3, "good")


def test_an_id_counts_once(tmp_path):
    query = {"id": "1", "text": "red", "relevant": {"a": 1}}
    first, second = read_judgements(lines(query, query), tmp_path)
    assert isinstance(first, JudgedQuery)
    assert second == Skipped(2, "the id '1' is that of line 1; every id counts once")


def test_table_shows_kinds_and_what_to_look_at():
    metrics = {"queries": 2, "recall@1": 0.5, "latency_ms": 12.345}
    table = as_table(
        Evaluation(
            metrics,
            {"image+text": metrics},
            [Skipped(3, "why")] * 25,
            [{"line": 4, "id": "q", "keys": ["zz"]}],
            {"speech": 2},
        )
    )
    assert [line.split() for line in table.splitlines()[:3]] == [
        ["queries", "recall@1", "latency_ms"],
        ["image+text", "2", "0.500", "12.3"],
        ["all", "2", "0.500", "12.3"],
    ]
    assert "left out 2 times: speech" in table
    assert table.count("skipped line 3: why") == 20
    assert "… and 5 more" in table
    assert "line 4: not in the catalogue: zz" in table
