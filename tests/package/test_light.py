"""What makes pages light: formulas without a script, one small style, plain listings."""

import io
import re
from xml.etree import ElementTree

import pytest
import tinycss2
from fontTools.ttLib import TTFont

from unrolled.site.mathml import font, line, mathml
from unrolled.site.pages import _mended, _plain
from unrolled.site.styles import compose, used


def words(tex: str) -> list[str]:
    return [one.text for one in ElementTree.fromstring(mathml(tex)).iter() if one.text]


def test_a_formula_keeps_its_letters_and_its_source():
    assert words(r"c_t = f \odot c_{t-1}") == ["c", "t", "=", "f", "⊙", "c", "t", "−", "1"]
    assert ElementTree.fromstring(mathml(r"a \\ b")).get("alttext") == r"a \\ b"
    assert ElementTree.fromstring(mathml("a", display=True)).get("display") == "block"


@pytest.mark.parametrize(
    ("tex", "parts"),
    [
        (r"a, \qquad b", 2),
        (r"a \quad b", 1),
        (r"\frac{a \qquad b}{c}", 1),
        (r"a \qquad b \qquad c", 3),
    ],
)
def test_a_displayed_formula_comes_in_the_parts_that_may_stand_in_lines(tex, parts):
    assert line(tex).count("<math") == parts
    assert line(tex).count("display") == (1 if parts == 1 else 2 * parts)


def test_a_command_that_has_no_mathml_is_named():
    with pytest.raises(ValueError, match=r"\\nonesuch"):
        mathml(r"a + \nonesuch b")


@pytest.mark.parametrize(
    ("tex", "spaces"),
    [(r"\tanh a", 1), (r"10 \log_{10} x", 2), (r"\tanh(a)", 0), (r"a + \exp(b)", 0), ("a b", 0)],
)
def test_a_function_keeps_its_distance(tex, spaces):
    assert len(re.findall("<mspace", mathml(tex))) == spaces


@pytest.mark.parametrize(
    ("tex", "text"),
    [("h'", "h′"), ("h''", "h″"), ("h''_t", "h″t"), ("c'_t", "c′t"), ("c_t''", "c′t′")],
)
def test_a_prime_stands_beside_its_letter_whatever_is_below(tex, text):
    formula = ElementTree.fromstring(mathml(tex))
    assert "".join(formula.itertext()) == text
    assert not {"msup", "msubsup"} & {one.tag for one in formula.iter()}
    assert [len(one) for one in formula.iter("msub")] == [2] * ("_" in tex)


def test_signs_stand_as_tex_sets_them():
    bar = next(ElementTree.fromstring(mathml("|y|")).iter("mo"))
    assert (bar.get("lspace"), bar.get("rspace")) == ("0", "0")
    assert [one.tag for one in ElementTree.fromstring(mathml(r"\max(a; b)")).iter("mi")].count(
        "mi"
    ) == 3
    assert words(r"W \ast x")[1] == "∗"


def test_the_font_holds_the_glyphs_of_the_formulas_and_few_others():
    data = font(set("xΣ⊙("))
    glyphs = TTFont(io.BytesIO(data)).getBestCmap()
    assert {ord(one) for one in "xΣ⊙(\N{MATHEMATICAL ITALIC SMALL X}"} <= set(glyphs)
    assert ord("y") not in glyphs and len(data) < 20_000
    assert "MATH" in TTFont(io.BytesIO(data))


def kept(style: str, *there: str) -> str:
    rules = tinycss2.parse_stylesheet(style, skip_comments=True, skip_whitespace=True)
    return "".join("".join(rule.serialize().split()) for rule in used(rules, set(there)))


@pytest.mark.parametrize(
    ("style", "there", "left"),
    [
        (".a{x:1}.b{x:2}", "a", ".a{x:1}"),
        (".a,.b{x:1}", "b", ".b{x:1}"),
        ("p.a>#c{x:1}", "a", ""),
        ("p.a>#c{x:1}", "a c", "p.a>#c{x:1}"),
        ("p{x:1}", "", "p{x:1}"),
        ("p:not(.b){x:1}", "", "p:not(.b){x:1}"),
        ("@media print{.a{x:1}.b{x:2}}", "b", "@mediaprint{.b{x:2}}"),
        ("@media print{.a{x:1}}", "b", ""),
        ("@font-face{font-family:Font Awesome\\ 7 Free}", "", ""),
        ("@font-face{font-family:Formulas}", "", "@font-face{font-family:Formulas}"),
        ("@keyframes a{from{x:1}}", "", "@keyframesa{from{x:1}}"),
    ],
)
def test_a_rule_stays_when_a_page_could_show_it(style, there, left):
    assert kept(style, *there.split()) == left


def test_paths_in_a_style_are_those_of_the_one_that_holds_it(tmp_path):
    (tmp_path / "styles").mkdir()
    (tmp_path / "styles" / "one.css").write_text(".a{b:url(../c.svg)}.a{b:url('data:x')}")
    (tmp_path / "two.css").write_text('.a{b:url("d.svg")}.a{b:url(#e)}')
    found = re.findall(r"url\(([^)]*)\)", compose(tmp_path, ["styles/one.css", "two.css"], {"a"}))
    assert [one.strip("\"'") for one in found] == ["c.svg", "data:x", "d.svg", "#e"]


def test_a_listing_keeps_its_text_and_the_marks_that_color_it():
    listing = (
        '<span></span><span class="k">def</span><span class="w"> </span><span class="n">f</span>'
    )
    assert _plain(listing) == '<span class="k">def</span> f'


def test_a_sign_is_joined_to_its_formula_and_to_nothing_before_that():
    formula = '<math display="inline"><mi>{}</mi></math>'
    one, other = formula.format("a"), formula.format("b")
    joined = f'{one} and then <span class="joined">{other}.</span> Then'
    assert _mended(f"{one} and then {other}. Then") == joined


def test_ids_are_given_once_and_sources_are_items_of_their_list():
    box = '<section id="exercise-content">a</section>'
    assert _mended(box * 2).count("id=") == 0
    assert _mended('<div role="doc-biblioentry">') == '<div role="listitem">'
