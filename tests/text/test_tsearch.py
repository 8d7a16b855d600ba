"""Literals for PostgreSQL that are valid whatever the texts contain."""

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xsearch.text import Token, analyse, tsquery_literal, tsvector_literal

pytestmark = pytest.mark.django_db

HOSTILE = st.one_of(
    st.text(max_size=60),
    st.text(alphabet="'\\:*&|!()<>-., aé红裙\x00\ud800\u0301😀A1\n", max_size=40),
)


def ask(sql: str, *parameters: object) -> object:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchone()[0]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(title=HOSTILE, description=HOSTILE)
def test_any_text_is_a_valid_document_and_finds_itself(title, description):
    literal = tsvector_literal({"A": [title], "C": [description]})
    query = tsquery_literal(analyse(title), prefix_last=True)
    assert ask("SELECT count(*) FROM unnest(%s::tsvector)", literal) == len(
        {token.lexeme for text in (title, description) for token in analyse(text)}
    )
    assert query is None or ask("SELECT %s::tsvector @@ %s::tsquery", literal, query) is True


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lexeme=st.text(alphabet="'\\:*&|!()<> a%红", min_size=1, max_size=20))
def test_any_lexeme_is_quoted_in_a_query(lexeme):
    query = tsquery_literal([Token(lexeme, lexeme, 0, len(lexeme))])
    assert ask("SELECT numnode(%s::tsquery)", query) == 1
    assert ask("SELECT array_to_tsvector(%s) @@ %s::tsquery", [lexeme], query) is True


def test_readings_of_a_word_share_its_position_and_texts_are_apart():
    literal = tsvector_literal({"B": ["red"], "A": ["T-shirt 连衣裙 red", "mug"], "D": ["mug"]})
    assert literal == ("'tshirt':1A 'shirt':1A '连衣裙':2A '裙':2A '连衣':2A '衣裙':2A 'red':3A,7B 'mug':5A,9")
    assert ask("SELECT %s::tsvector @@ 'red:B'::tsquery", literal) is True


def test_huge_documents_fit_and_keep_the_weightiest_text():
    words = [f"{number:04}" + chr(0xAC00 + number % 200) * 96 for number in range(6000)]
    literal = tsvector_literal({"D": words, "A": ["mug"], "C": ["red " * 6000]})
    assert ask("SELECT length(%s::tsvector)", literal) == 2
    assert ask("SELECT length(%s::tsvector) > 1000", tsvector_literal({"D": words, "A": ["mug"]})) is True
    assert ask("SELECT %s::tsvector @@ 'mug:A'::tsquery", literal) is True


def test_positions_beyond_what_postgresql_keeps_are_bounded():
    literal = tsvector_literal({"A": ["red"] * 300, "B": [""] * 20_000, "C": ["late"]})
    assert "'late':16383C" in literal
    assert ask("SELECT %s::tsvector @@ 'late:C'::tsquery", literal) is True


def test_unknown_weight_is_refused_with_the_cure():
    with pytest.raises(ValueError, match="'E'; use one of A, B, C, D"):
        tsvector_literal({"E": ["red"]})


def test_query_is_any_of_its_words_and_nothing_for_no_words():
    assert tsquery_literal(analyse("red shoes, red")) == "'red' | 'shoe'"
    assert tsquery_literal(analyse("red t-shi"), prefix_last=True) == "'red' | 'tshi':* | 'shi':*"
    assert tsquery_literal(analyse("!!!")) is None
    assert tsquery_literal([]) is None
