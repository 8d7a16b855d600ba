"""The text of HTML, as a page shows it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xsearch.text.markup import MAX_HTML, looks_like_html, page_text

WEBKIT = '<p style="margin:0">A <strong>red</strong> mug.</p>\n<ul>\n<li>Holds 300&nbsp;ml</li><li>Dishwasher&#8209;safe</li></ul>'


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("A <strong>red</strong> mug", "A red mug"),
        ("Un<b>break</b>able", "Unbreakable"),
        ("Super<wbr>market", "Supermarket"),
        ("co&shy;op&shy;erate", "cooperate"),
        ("H<sub>2</sub>O", "H2O"),
        ("<p>One</p><p>Two</p>", "One\nTwo"),
        ("One<br>Two<br/>Three", "One\nTwo\nThree"),
        ("<li>Red<li>Green", "Red\nGreen"),
        ("<table><tr><td>Size</td><td>XL</td></tr></table>", "Size\nXL"),
        (WEBKIT, "A red mug.\nHolds 300 ml\nDishwasher‑safe"),
        ("Salt &amp; pepper, 5 &lt; 6, caf&eacute;, &#x4e2d;&#25991;", "Salt & pepper, 5 < 6, café, 中文"),
        ("&amp;lt;b&amp;gt;", "&lt;b&gt;"),
        ("A<script>var red = '<b>1</b>';</script>B<style>p { color: red }</style>C", "ABC"),
        ("A<!-- red <b>mug</b> -->B<![CDATA[x]]>C<?php echo 1 ?>", "ABC"),
        ("<template><p>red</p></template>mug<noscript>Switch it on</noscript>", "mug"),
        ('<img src="red.jpg" alt="A blue cup"> and <img src="x.jpg">', "A blue cup\nand"),
        ('<a href="/strong" title="red" class="blue">mug</a>', "mug"),
        ("<my-badge>new</my-badge>ish", "newish"),
        ("5 < 6 and 7 > 3, I <3 mugs", "5 < 6 and 7 > 3, I <3 mugs"),
        ("plain text\nin two lines", "plain text in two lines"),
        ("<b>not closed", "not closed"),
        ("closed</b></div></script> too often", "closed\ntoo often"),
        ("<p>马克杯</p><p>红<b>色</b>的</p>", "马克杯\n红色的"),
        ("", ""),
        ("<p></p><br>", ""),
    ],
)
def test_the_text_is_what_a_page_shows(html, text):
    assert page_text(html) == text


def test_long_html_is_cut():
    assert len(page_text("<p>mug </p>" * MAX_HTML)) < MAX_HTML


@given(st.text())
def test_any_text_can_be_read(text):
    assert "\u00ad" not in page_text(text)


@given(st.text(alphabet=st.characters(exclude_characters="<&\u00ad", exclude_categories=["C", "Z"])))
def test_text_without_markup_stays_as_it_is(text):
    assert page_text(text) == text


@pytest.mark.parametrize("text", [WEBKIT, "One<br>two", "a <B>red</B> mug", "<h2>Care</h2>", "x<br />y"])
def test_html_is_told_from_text(text):
    assert looks_like_html(text)


@pytest.mark.parametrize("text", ["I <3 mugs", "a < b > c", "<unknown>", "size <S>", "5<6", "www.shop.com/p/a", ""])
def test_text_is_told_from_html(text):
    assert not looks_like_html(text)
