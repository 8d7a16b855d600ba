"""xsearch_tune over a real, small catalogue whose judgements disagree with the present weights."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from shop.models import Product
from tests.evaluation.test_command import UNCHANGED, catalogue, photo, queries  # noqa: F401
from xsearch.conf import overridden, settings
from xsearch.evaluation import read_judgements
from xsearch.evaluation.tune import Replay, retrieve_once, split
from xsearch.index.registry import get_index
from xsearch.search import search

pytestmark = pytest.mark.django_db

ODD = {"text": "blue", "image": "red.png", "relevant": {"mug-blue": 1}}
WORDS = {"text": "red mug", "relevant": {"mug-red": 1}}


@pytest.fixture(autouse=True)
def _photo_counts_most():
    with overridden({"TEXT_BESIDE_PHOTO": 0.1, "COMPOSITION": UNCHANGED}):
        yield


def many(query, count=12):
    return [{**query, "id": f"{query['text']}-{number}"} for number in range(count)]


def tune(path, *arguments):
    out, err = io.StringIO(), io.StringIO()
    call_command("xsearch_tune", str(path), "--key", "sku", *arguments, stdout=out, stderr=err)
    return out.getvalue()


def test_a_replay_ranks_as_the_search_does(queries):  # noqa: F811
    cheap = {"id": "c", "text": "mug", "filters": {"price_max": 6}, "relevant": {"mug-blue": 1}}
    path = queries({**ODD, "id": "o"}, {**WORDS, "id": "w"}, cheap)
    index = get_index(Product)
    for query in read_judgements(path.read_bytes().splitlines(), path.parent):
        replay = retrieve_once(index, query, "sku")
        objects = index.filter_queryset(index.get_queryset(), query.filters)
        for changed in ({}, {"WEIGHTS": {"lexical": 0.1}}, {"CUT_OFF": 0.6}):
            with overridden(changed):
                found = search(objects, text=query.text, image=query.image and query.image.read_bytes())
                assert replay.ranking() == [hit.object.sku for hit in found.hits if hit.score >= settings.CUT_OFF]


def test_weights_are_found_that_hold_on_the_other_half_and_the_settings_to_paste(queries):  # noqa: F811
    path = queries(*many(ODD), *many(WORDS))
    found = json.loads(tune(path, "--json"))
    again = tune(path)
    assert (found["fitted"]["queries"], found["held_out"]["queries"]) == (12, 12)
    assert found["held_out"]["after"] > found["held_out"]["before"]
    assert found["is_better"]
    assert "Better on queries that it was not fitted to" in again
    assert eval(again.partition("XSEARCH = ")[2]) == found["found"], "the same judgements and seed, the same answer"


def test_where_nothing_is_better_it_says_so(queries):  # noqa: F811
    advice = tune(queries(*many(WORDS)))
    assert "Nothing better was found: keep the present settings." in advice
    assert "XSEARCH" not in advice


def test_what_may_be_chance_is_not_recommended(queries):  # noqa: F811
    advice = tune(queries(*many(ODD, 4)))
    assert "not better, beyond chance" in advice
    assert "keep the present" in advice


def test_the_cut_off_is_tuned_by_queries_that_nothing_suits(queries):  # noqa: F811
    # A word of three is found: too little to show anything, these judgements say.
    vague = many({"text": "xqzvw blorft mug", "relevant": {}})
    found = json.loads(tune(queries(*vague, *many(WORDS)), "--json", "--cut-off"))
    assert found["found"]["CUT_OFF"] > found["present"]["CUT_OFF"]
    assert found["held_out"]["after"] == 1


def test_either_half_has_its_share_of_every_kind(queries):  # noqa: F811
    lines = [
        {"id": f"{kind}{n}", "text": "mug", "kind": kind, "relevant": {"mug-red": 1}}
        for kind, count in (("a", 5), ("b", 3), ("c", 2), ("d", 1))
        for n in range(count)
    ]
    judged = read_judgements(queries(*lines).read_bytes().splitlines(), None)
    replays = [Replay(query, None, None, None, {}) for query in judged]
    one, other = split(replays, 0)
    assert abs(len(one) - len(other)) <= 1
    for kind in "abcd":
        counts = [sum(replay.query.kind == kind for replay in half) for half in (one, other)]
        assert abs(counts[0] - counts[1]) <= 1
    assert [replay.query.id for replay in split(replays, 1)[0]] != [replay.query.id for replay in one]


def test_what_cannot_be_tuned_is_an_error_with_the_cure(queries, tmp_path):  # noqa: F811
    with pytest.raises(CommandError, match="too few"):
        tune(queries({**WORDS, "id": "w"}))
    with pytest.raises(CommandError, match="cannot be read"):
        tune(tmp_path / "absent.jsonl")
    with pytest.raises(CommandError, match="not registered"):
        tune(queries({**WORDS, "id": "w"}), "--model", "no.Such")
