"""The book's own pages, rendered from the stored outputs: nothing is executed here."""

import json
import math
import os
import re
import shutil
import subprocess
import sys
from html import unescape
from importlib.metadata import packages_distributions
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest
from bs4 import BeautifulSoup, Tag

from tests.package.conftest import edit
from unrolled.author.counts import counted_codes, read_counts
from unrolled.author.numbers import quoted
from unrolled.errors import BookError
from unrolled.execute import Executed
from unrolled.manifest import Book, Notebook, read_book
from unrolled.measure.experiments import at_full_scale, code_hashes, described
from unrolled.measure.tables import measured, stored_tables
from unrolled.notebook import Cell, definitions, read_cells, read_notebook
from unrolled.site import render
from unrolled.site.browser import Tab, serve
from unrolled.site.claims import HEADING
from unrolled.site.downloads import FIRST, addresses, download, packages
from unrolled.site.glossary import glossary
from unrolled.site.landing import CAPTION, DOTS, TITLE, cards, figure, opening, with_medians
from unrolled.site.links import Page, broken
from unrolled.site.numbers import _text, checks, number, shown_in, tables

BOOK = read_book()
TESTS = ("nbval", "chapters", "wrong")
NOTEBOOKS = pytest.mark.parametrize("notebook", BOOK.notebooks, ids=lambda one: one.key)


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All pages of a copy of the book."""
    root = tmp_path_factory.mktemp("book")
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("chapters", "solutions", "data", *(f"tests/{one}" for one in TESTS)):
        shutil.copytree(BOOK.root / name, root / name, ignore=ignored)
    shutil.copy(BOOK.root / "book.toml", root)
    book = read_book(root)
    stored = [Executed(one, read_notebook(one.reference), 0) for one in book.notebooks]
    return render(book, stored).parent


def test_every_link_and_anchor_of_the_book_resolves(html: Path) -> None:
    assert len(list(html.glob("*.html"))) == len(BOOK.notebooks) + len(
        [*(BOOK.root / "chapters").glob("*.md"), "genindex", "search"]
    )
    assert list(broken(html, BOOK.published.site_url)) == []


PLACE = """(() => {
  const read = document.elementFromPoint(innerWidth / 2, innerHeight / 4).closest("section[id]");
  return [read.id, Math.round(read.getBoundingClientRect().top)];
})()"""


def test_a_reader_who_comes_back_finds_the_place(tab: Tab, html: Path) -> None:
    with serve(html) as address:
        tab.visit(f"{address}/{BOOK.notebooks[0].name}.html", "light", 390)
        for top in range(0, 30000, 600):  # as one reads: what was passed has its true height
            tab.value(f"scrollTo({{top: {top}, behavior: 'instant'}})")
            tab.page.wait_for_timeout(20)
        tab.page.wait_for_timeout(500)
        section, top = tab.value(PLACE)
        tab.page.reload()
        tab.page.wait_for_timeout(900)
        found, there = tab.value(PLACE)
    assert found == section and abs(there - top) <= 2
    assert tab.errors == []


# The first page


def test_the_figure_shows_every_seed_and_the_medians_of_the_tables(html: Path) -> None:
    text = (html / "index.html").read_text(encoding="utf-8")
    tables = measured(BOOK.notebooks[0].name, BOOK.root)
    rows = [tables[table][row] for _, _, (table, row) in DOTS]
    assert text.count("<circle") == sum(len(row.values) for row in rows)
    for row in rows:
        assert f'<span class="median">{row.median:,.0f}</span>' in text
    [label] = re.findall(r'role="img" aria-label="([^"]+)"', text)
    assert all(f"median {row.median:,.0f}" in label for row in rows)


def test_the_figures_title_says_what_the_numbers_beside_its_dots_give() -> None:
    text = figure(BOOK)
    shown = [int(one.replace(",", "")) for one in re.findall(r'"median">([\d,]+)<', text)]
    assert re.findall(r'"title">.* (\d+) times', text) == [f"{shown[1] / shown[-1]:.0f}"]


def test_the_first_page_says_where_the_repository_is_and_how_it_is_fetched(html: Path) -> None:
    url = BOOK.published.git_repository_url
    assert url in Page(html / "index.html").links
    text = re.sub(r"<[^>]+>", "", (html / "index.html").read_text(encoding="utf-8"))
    assert f"git clone {url}\ncd {url.rpartition('/')[2]}\n" in text


def test_a_book_without_the_tables_has_no_figure(tiny: Book) -> None:
    assert figure(tiny) == ""


def test_every_chapter_has_a_card_with_its_question_its_result_and_its_cost(html: Path) -> None:
    text, page = cards(BOOK), (html / "index.html").read_text(encoding="utf-8")
    for chapter in BOOK.chapters:
        first = BOOK.select([str(chapter.number)])[0]
        source = " ".join(read_cells(first.source)[0].source.split())
        [question] = re.findall(r"\*([^*]+\?)\*", source)[:1]
        assert f"*{question}*" in text
        assert with_medians(BOOK, chapter.result) in text
        assert f"about {sum(one.minutes for one in chapter.exercise)} minutes" in text
        assert f"at most {chapter.cpu_seconds} CPU seconds" in text
    assert len(re.findall(r'class="[^"]*sd-card ', page)) == 3 + len(BOOK.chapters)


def test_no_result_on_a_card_is_typed_by_hand() -> None:
    for chapter in BOOK.chapters:
        typed = re.sub(r"\{[^{}]*\}", "", chapter.result)
        assert not re.search(r"\d", typed), f"chapter {chapter.number}: {typed}"
        assert "{" in chapter.result


def test_no_number_of_the_figure_is_typed_by_hand() -> None:
    typed = " ".join([TITLE.replace("{times:.0f}", ""), CAPTION, *(name for name, *_ in DOTS)])
    assert not re.search(r"\d|\b(five|ten|seventy|hundred)\b", typed, re.IGNORECASE)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{01/nowhere/raw:.0f}", "nowhere"),
        ("{01/centering/cooked:.0f}", "cooked"),
        ("{01/centering/raw:.0q}", "result '{01/centering/raw:.0q}'"),
        ("{09/centering/raw:.0f}", "no notebook '09'"),
        ("{3/echo/x:.0f}", "result '{3/echo/x:.0f}': expected one of 03a, 03b, 03c, got '3'"),
        ("{01/centering/raw}", "result '{01/centering/raw}': expected {notebook/table/row:format}"),
        ("{01 centering/raw:.0f}", "result '{01 centering/raw:.0f}': expected {notebook/table"),
    ],
)
def test_a_result_that_no_table_holds_is_an_error(text: str, said: str) -> None:
    with pytest.raises(BookError, match=re.escape(said)):
        with_medians(BOOK, text)


@pytest.mark.parametrize("source", ["# Title", "# Title\n\nA question?", "*No title?*"])
def test_a_chapter_opens_with_its_title_and_a_question(source: str) -> None:
    with pytest.raises(BookError, match=r"01.py: expected a title and, below it, a question"):
        opening(source, "01.py")


# A chapter's page


@NOTEBOOKS
def test_a_chapter_names_its_size_its_needs_and_its_places(html: Path, notebook: Notebook) -> None:
    page = Page(html / f"{notebook.name}.html")
    text = (html / f"{notebook.name}.html").read_text(encoding="utf-8")
    assert f"about {sum(one.minutes for one in notebook.exercises)} minutes" in text
    assert f"{sum(one.points for one in notebook.exercises)} points" in text
    assert set(addresses(BOOK, notebook).values()) <= set(page.links)
    edit = BOOK.published.edit_url_template.replace("{path}", f"chapters/{notebook.name}.py")
    assert edit in page.links
    for term in notebook.chapter.prerequisites:
        assert f"glossary.html#term-{term.replace(' ', '-')}" in page.links


@NOTEBOOKS
def test_the_table_of_exercises_leads_to_each(html: Path, notebook: Notebook) -> None:
    page = Page(html / f"{notebook.name}.html")
    text = re.sub(r"\s+", " ", (html / f"{notebook.name}.html").read_text(encoding="utf-8"))
    for one in notebook.exercises:
        place = f"exercise-{notebook.label(one.id).replace('.', '-')}"
        assert f"#{place}" in page.links and place in page.ids
        cells = re.search(rf"<td>.{{0,20}}{notebook.label(one.id)}</p></td>(.*?)</tr>", text)
        assert cells, notebook.label(one.id)
        numbers = re.findall(r">(\d+)</p></td>", cells[1])
        assert numbers == [str(one.points), str(one.minutes)]


def test_chapters_follow_one_another(html: Path) -> None:
    names = ["index", *(one.name for one in BOOK.notebooks)]
    for before, after in pairwise(names):
        text = (html / f"{before}.html").read_text(encoding="utf-8")
        assert re.search(rf'class="right-next"\s+href="{after}.html"', text), before


# What is taken away


def solved_lines(notebook: Notebook) -> set[str]:
    """The lines of the answers that neither a stub nor any other cell of the chapter has."""
    known = {
        line.strip() for cell in read_cells(notebook.source) for line in cell.source.splitlines()
    }
    answers = [one for one in read_cells(notebook.solutions) if one.kind == "code"]
    return {
        line.strip()
        for cell in answers
        for line in cell.source.splitlines()
        if len(line.strip()) > 12 and line.strip() not in known
    }


@NOTEBOOKS
def test_a_download_holds_stubs_and_no_solution(html: Path, notebook: Notebook) -> None:
    published, site = addresses(BOOK, notebook)["notebook"], BOOK.published.site_url
    path = html / unquote(published.removeprefix(site))
    content = nbformat.read(path, as_version=4)
    nbformat.validate(content)
    code = [cell for cell in content.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)
    stubs = {cell.metadata["exercise"]: cell for cell in code if "exercise" in cell.metadata}
    assert list(stubs) == [one.id for one in notebook.exercises]
    for name, cell in stubs.items():
        assert f'raise NotImplementedError("exercise {name}")' in cell.source
    forbidden, lines = solved_lines(notebook), set()
    for cell in content.cells:
        lines |= {line.strip() for line in cell.source.splitlines()}
    assert len(forbidden) > 3 * len(stubs)
    assert not forbidden & lines


@NOTEBOOKS
def test_a_download_is_the_chapter_behind_one_cell(html: Path, notebook: Notebook) -> None:
    content = json.loads((html / "downloads" / f"{notebook.name}.ipynb").read_text("utf-8"))
    first, *rest = ["".join(cell["source"]) for cell in content["cells"]]
    assert BOOK.published.git_repository_url in first
    compile(first, notebook.name, "exec")
    assert definitions(first) == {}
    assert rest == [cell.source for cell in read_cells(notebook.source)]


def run(
    folder: Path, code: str, *options: str, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run code as a notebook's kernel would: in a folder that holds no book."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | settings
    command = [sys.executable, *options, "-c", code]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


# Colab, as far as the cell can tell: its module is there, and packages that it may lack are not.
# pip is only asked, not obeyed, and the first time it fails.
COLAB = """
import subprocess, sys, types
sys.modules["google.colab"] = types.ModuleType("google.colab")
sys.modules |= dict.fromkeys(("ipykernel", "jupyterlab", "mypy", "nbclient", "pebble", "sphinx"))
sys.path[:] = [one for one in sys.path if one != {root!r}]
called, run = [], subprocess.run
def asked(command, **kept):
    called.append([str(word) for word in command])
    if "pip" not in command:
        return run(command, **kept)
    if sum("pip" in words for words in called) == 1:
        raise subprocess.CalledProcessError(1, command)
subprocess.run = asked
"""


def test_on_colab_the_first_cell_fetches_the_book_and_a_check_finds_it(tmp_path: Path) -> None:
    origin = tmp_path / "origin"
    ignored = shutil.ignore_patterns("__pycache__", "results")
    for name in ("chapters", "tests/chapters", "data", "unrolled"):
        shutil.copytree(BOOK.root / name, origin / name, ignore=ignored)
    shutil.copy(BOOK.root / "book.toml", origin)
    git = ["git", "-c", "user.name=n", "-c", "user.email=n@localhost"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "book"]):
        subprocess.run([*git, *words], cwd=origin, check=True)
    home = tmp_path / "home"
    home.mkdir()
    cell = FIRST.format(repository=origin.as_uri(), packages="one two")
    failing = f"try:\n    exec({cell!r})\nexcept subprocess.CalledProcessError:\n    pass\n"
    stub = next(one for one in read_cells(BOOK.notebooks[0].source) if one.exercise)
    setup = "\n".join(
        one.source for one in read_cells(BOOK.notebooks[0].source) if "setup" in one.tags
    )
    then = f"{setup}\n{stub.source}\ncheck({stub.exercise!r})\n"
    then += "import unrolled; print(unrolled.__file__, called)"
    code = COLAB.format(root=str(BOOK.root)) + failing + cell + cell + then
    done = run(tmp_path, code, HOME=str(home), USERPROFILE=str(home))
    assert done.returncode == 0, done.stderr
    assert "variance_floor: not tried yet" in done.stdout
    last = done.stdout.splitlines()[-1]
    assert last.startswith(str(home / "unrolled-book" / "unrolled" / "__init__.py"))
    assert last.count("'clone'") == 1
    asked = re.findall(r"'install', '-q', ([^]]+)\]", last)
    book = str(home / "unrolled-book")
    assert asked == ["'one', 'two'", "'one', 'two'", f"'--no-deps', '-e', {book!r}"]


def test_colab_is_asked_for_what_chapters_import_and_for_no_more() -> None:
    found = packages(BOOK.root)
    assert {"jupytext", "nbformat", "pydantic", "keras", "scikit-learn", "seaborn"} <= set(found)
    assert not {"ipykernel", "jupyterlab", "nbclient", "mypy", "sphinx", "unrolled"} & set(found)
    for notebook in BOOK.notebooks:
        assert f'"{" ".join(found)}"' in read_first(notebook)


def test_colab_is_not_asked_for_the_book_where_it_is_an_installed_package(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owners = {**packages_distributions(), "unrolled": ["unrolled"]}
    monkeypatch.setattr("unrolled.site.downloads.packages_distributions", lambda: owners)
    found = packages.__wrapped__(BOOK.root)  # what was kept is of the installed packages
    assert "torch" in found and "unrolled" not in found


def read_first(notebook: Notebook) -> str:
    content = nbformat.reads(download(BOOK, notebook), as_version=4)
    return content.cells[0].source


def test_elsewhere_the_first_cell_does_nothing(tmp_path: Path) -> None:
    code = FIRST.format(repository="file:///nowhere", packages="") + "print(sorted(os.listdir()))"
    done = run(tmp_path, code, PYTHONPATH=str(BOOK.root))
    assert (done.stdout, done.stderr, done.returncode) == ("[]\n", "", 0)


def test_without_the_book_the_first_cell_is_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    cell = FIRST.format(repository="https://example.org/book", packages="")
    code = (
        "import importlib.util, sys\n"
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "importlib.util.find_spec = lambda name: None\n"  # without what is installed
        f"ran = InteractiveShell(colors='NoColor').run_cell({cell!r})\n"
        "assert not ran.success"
    )
    done = run(tmp_path, code, HOME=str(tmp_path), USERPROFILE=str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    [line] = done.stdout.splitlines()
    assert "git clone https://example.org/book" in line and "make lab" in line


def test_a_check_without_a_book_is_one_line(tmp_path: Path) -> None:
    shutil.copytree(BOOK.root / "unrolled", tmp_path / "site" / "unrolled")
    code = (
        "from unrolled import check\n"
        "try:\n    check('Decoder')\n"
        "except Exception as error:\n    print(*error._render_traceback_(), sep='\\n')"
    )
    done = run(tmp_path, code, PYTHONPATH=str(tmp_path / "site"))
    assert done.stdout.count("\n") == 1 and "no book.toml in" in done.stdout, done.stderr


# Words and claims


def test_the_glossary_has_the_words_of_every_chapter_with_a_way_to_it(html: Path) -> None:
    text = (html / "glossary.html").read_text(encoding="utf-8")
    page = Page(html / "glossary.html")
    for notebook in BOOK.notebooks:
        words = next(
            cell.source
            for cell in read_cells(notebook.source)
            if cell.source.startswith("## Words we will use")
        )
        terms = re.findall(r"\*\*(.+?)\*\*", "\n".join(re.findall(r"^- .*", words, re.MULTILINE)))
        for term in ", ".join(terms).split(", "):
            assert f'<dt id="term-{term.replace(" ", "-")}">' in text, term
        assert f"{notebook.name}.html#words-we-will-use" in page.links
    assert "glossary.html#term-teacher-forcing" in Page(html / "genindex.html").links


def test_every_entry_of_the_glossary_says_where_it_is_met(html: Path) -> None:
    text = (html / "glossary.html").read_text(encoding="utf-8")
    entries = re.findall(r"<dd>(.*?)</dd>", text, re.DOTALL)
    assert len(entries) > 80
    for entry in entries:
        assert re.search(r'href="0\d[^"]+\.html#', entry), entry


def test_a_word_of_two_chapters_has_a_line_for_each(tiny: Book) -> None:
    for notebook, meant in zip(tiny.notebooks, ("what is\n#   taken twice", "thrice"), strict=True):
        text = notebook.source.read_text(encoding="utf-8")
        words = f"# %% [markdown]\n# ## Words we will use\n#\n# - **x**, **y**: {meant}\n"
        notebook.source.write_text(f"{text}\n{words}", encoding="utf-8")
    made = glossary(tiny, "- **product**: what `*` gives.")
    entry = made.split("\nx\n")[1].split("\ny\n")[0]
    assert "X, y: what is taken twice. ([chapter 1](01_twice.ipynb#words-we-will-use))" in entry
    assert "X, y: thrice. ([chapter 2](02_thrice.ipynb#words-we-will-use))" in entry
    with pytest.raises(BookError, match="no word in a list of words"):
        glossary(tiny, "no list")


def test_the_claims_page_has_every_chapters_tables_as_they_were_printed(html: Path) -> None:
    text = (html / "claims.html").read_text(encoding="utf-8")
    printed = re.findall(r"<pre>(.*?)</pre>", text, re.DOTALL)
    shown = unescape("\n".join(re.sub(r"<[^>]+>", "", one) for one in printed))
    for notebook in BOOK.notebooks:
        assert f'href="{notebook.name}.html#claim-against-measurement"' in text
        inside, lines = False, 0
        for cell in read_notebook(notebook.reference).cells:
            if cell.cell_type == "markdown" and cell.source.startswith("## "):
                inside = cell.source.startswith(HEADING)
            elif inside and cell.cell_type == "code":
                for output in cell.outputs:
                    lines += len(output.text.splitlines())
                    assert output.text.rstrip() in shown, notebook.key
        assert lines >= 7, notebook.key


# Every number


@pytest.fixture(scope="module")
def every(html: Path) -> BeautifulSoup:
    """The page of all numbers."""
    return BeautifulSoup((html / "numbers.html").read_text(encoding="utf-8"), "html.parser")


def _said(tag: Tag | None) -> str:
    assert tag is not None
    return " ".join(tag.get_text().replace("#", "").split())


def _plain(text: str) -> str:
    """Return a text without blanks and with the quotes that are typed."""
    return "".join(text.translate(str.maketrans("’‘“”", "''\"\"")).split())


def _section(every: BeautifulSoup, notebook: Notebook, title: str) -> Tag:
    """Return the section of one table, in that of its chapter."""
    head = read_cells(notebook.source)[0].source.splitlines()[0].removeprefix("# ")
    [chapter] = [one.parent for one in every.select("section > h2") if _said(one) == head]
    [found] = [one.parent for one in chapter.select("section > h3") if _said(one) == title]
    return found


def _lines(table: Tag) -> list[list[str]]:
    return [[_said(cell) for cell in row.find_all("td")] for row in table.select("tbody tr")]


@NOTEBOOKS
def test_every_row_of_every_stored_table_is_on_the_page(
    every: BeautifulSoup, notebook: Notebook
) -> None:
    for title, table in stored_tables(notebook).experiments.items():
        section = _section(every, notebook, title)
        shown = {_plain(row[0]): row[1:] for row in _lines(section.table)}
        kept = {
            _plain(row): [found.median, found.low, found.high][: 3 * (len(table.seeds) > 1) or 1]
            for row, found in table.summaries.items()
        }
        assert shown == {row: [number(one) for one in values] for row, values in kept.items()}
        about = _plain(_said(section) + _said(section.parent.dl))
        facts = [f"{100 * table.tolerance:g} %", f"seeds {len(table.seeds)}", table.machine]
        facts += [f"unrolled results {notebook.key}", *table.data]
        facts += [f"{name} {one}" for name, one in table.versions.items()]
        assert [one for one in facts if _plain(one) not in about] == []


@NOTEBOOKS
def test_every_table_leads_to_a_section_of_its_chapter_that_names_it(
    every: BeautifulSoup, notebook: Notebook
) -> None:
    for title in described(notebook):
        links = [str(one["href"]) for one in _section(every, notebook, title).select("a.reference")]
        assert all(link.startswith(f"{notebook.name}.html#") for link in links)
        assert links or title in at_full_scale(notebook), title


def test_a_table_that_was_never_measured_is_said_to_be_missing(every: BeautifulSoup) -> None:
    for notebook in BOOK.notebooks:
        for title in described(notebook):
            lacks = title not in stored_tables(notebook).experiments
            said = _said(_section(every, notebook, title))
            assert ("Not measured yet: there is no stored table." in said) == lacks
            assert ("--scale full" in said) >= (lacks and title in at_full_scale(notebook))


def test_every_exercise_has_a_line_with_its_counts(every: BeautifulSoup) -> None:
    table, counts = every.select_one("#the-checks table"), read_counts(BOOK.root)
    assert table is not None
    exercises = [(n, one) for n in BOOK.notebooks for one in n.exercises]
    codes = {key: code for one in BOOK.notebooks for key, code in counted_codes(one).items()}
    links = [str(one["href"]) for one in table.select("a")]
    for line, link, (notebook, one) in zip(_lines(table), links, exercises, strict=True):
        assert line[0] == f"{notebook.label(one.id)} {one.title}"
        assert link.startswith(f"{notebook.name}.html#exercise-")
        count = counts.get(one.id)
        if count is None or count.code != codes[one.id]:
            assert line[1:] == ["–"] * 6
            assert f"`{one.id}`" in checks(BOOK).partition("|")[0]
            continue
        assert line[1:6] == [
            str(count.checks),
            str(count.wrong),
            f"{len(count.passed)}/{count.wrong_runs}",
            f"{count.killed}/{count.mutants}",
            f"{len(count.failed)}/{count.seeds}",
        ]


def test_the_page_of_all_numbers_is_small_and_has_no_number_that_was_typed(html: Path) -> None:
    assert (html / "numbers.html").stat().st_size < 1_000_000
    typed = (BOOK.root / "chapters" / "numbers.md").read_text(encoding="utf-8")
    cells = [Cell("markdown", typed.replace("x86-64", ""), {}, "numbers.md", 1)]
    assert [one.text for one in quoted(cells)] == []


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.00119, "0.00119"),
        (9.957e-05, "9.957e-05"),
        (27, "27"),
        (11460.4, "11,460"),
        (-11460.4, "-11,460"),
        (1234.5678, "1,235"),
        (999.94, "999.9"),
        (12.0, "12"),
        (0.0, "0"),
    ],
)
def test_a_number_has_four_digits_that_count(value: float, shown: str) -> None:
    assert number(value) == shown


def test_infinity_stands_for_what_was_not_reached() -> None:
    assert (number(math.inf), number(-math.inf)) == ("∞", "-∞")


def test_a_table_is_shown_in_the_sections_that_read_it_directly_or_by_another_name() -> None:
    sources = [
        ("markdown", "## One"),
        ("code", "tables = measured('x')\nfor row, found in tables['a'].items():\n    print(row)"),
        ("markdown", "text\n\n## Two"),
        ("code", "kept = tables['b']\nnames = ('c', 'd')\nboth = [tables[n] for n in names]"),
        ("markdown", "## Three"),
        ("code", "row = 1\nprint(row)\n\ndef mean():\n    return kept"),
        ("markdown", "## No\n\ntext\n\n## Four"),
        ("code", "print(mean())"),
        ("markdown", "## Five"),
        ("code", "for found in kept:\n    print(found)"),
    ]
    cells = [Cell(kind, source, {}, "x", 1) for kind, source in sources]
    for tag in ("setup", "experiment"):
        cells.append(Cell("code", "print(tables['f'])", {"tags": [tag]}, "x", 1))
    cells.append(Cell("code", "print(tables['f'])", {"exercise": "f"}, "x", 1))
    cells.insert(0, Cell("code", "print(tables['f'])", {}, "x", 1))
    assert shown_in(cells, ["a", "b", "c", "d", "e", "f"]) == {
        "a": ["## One"],
        "b": ["## Two", "## Three", "## Four", "## Five"],
        "c": ["## Two"],
        "d": ["## Two"],
        "e": [],
        "f": [],
    }


@pytest.mark.parametrize("row", ["a | b", "*x*", "$H$ `c`", "<b>[x](y)</b>", "1. {term}`x`", "k_1"])
def test_a_row_is_shown_as_it_is_called(row: str) -> None:
    from markdown_it import MarkdownIt

    html = MarkdownIt("gfm-like", {"linkify": False}).render(f"| a |\n|---|\n| {_text(row)} |")
    assert unescape(re.sub(r"<[^>]+>", "", html)).split() == ["a", *row.split()]


def test_a_table_of_other_code_is_said_to_be_out_of_date(tiny: Book) -> None:
    [notebook, _] = tiny.notebooks
    made = "@experiment(seeds=[0, 2])\ndef one(seed):\n    'Says *what*.'\n    return {'row': 1.0}"
    text = notebook.source.read_text() + f'\n# %% tags=["experiment"]\n{made}\n'
    notebook.source.write_text(text)
    assert "**Not measured yet**: there is no stored table. `unrolled results 01`" in tables(tiny)
    assert "Says \\*what\\*\\." in tables(tiny)
    entry = {"code": code_hashes(notebook)["one"], "scale": "default", "seeds": [0, 2]}
    entry |= {
        "tolerance": 0.1,
        "machine": "One",
        "versions": {},
        "rows": {"row": {"values": [1, 2]}},
    }
    notebook.results.parent.mkdir()
    notebook.results.write_text(json.dumps({"command": "c", "experiments": {"one": entry}}))
    assert "| row | 1.5 | 1 | 2 |" in tables(tiny)
    assert "seeds\n: 2: 0, 2\n" in tables(tiny)
    assert "Out of date" not in tables(tiny)
    edit(notebook.source, "1.0", "2.0")
    assert "**Out of date**: the chapter's code has changed" in tables(tiny)
    notebook.source.write_text(text.partition('\n# %% tags=["experiment"]')[0])
    assert "**Out of date**: the chapter's code has changed" in tables(tiny)
    assert "| row | 1.5 | 1 | 2 |" in tables(tiny)


def test_a_chapters_tables_share_what_they_have_in_common_and_each_says_the_rest(
    tiny: Book,
) -> None:
    notebook = tiny.notebooks[0]
    made = (
        "@experiment(seeds=range(3){more})\ndef {name}(seed):\n    'Says {name}.'\n    return {{}}"
    )
    cells = [
        ("experiment", made.format(name="one", more="")),
        ("experiment", made.format(name="two", more="")),
        ("experiment", made.format(name="big", more=", scale='full'")),
        ("other", "tables = measured('x')\nprint(tables['one'])"),
    ]
    text = "".join(f'\n# %% tags=["{tag}"]\n{source}\n' for tag, source in cells)
    more = "\n# %% [markdown]\n# ## More\n\n# %%\nprint(tables['one'])\n"
    notebook.source.write_text(notebook.source.read_text() + text + more)
    hashes = code_hashes(notebook)
    shared = {"tolerance": 0.25, "machine": "Machine", "versions": {"python": "3.x"}}
    entries = {
        "one": {"seeds": [0, 1, 2], "rows": {"r": {"values": [3, 1, 1234.75]}}, "scale": "default"},
        "two": {"seeds": [7], "rows": {"r": {"values": [2]}}, "scale": "default"},
    }
    for name, entry in entries.items():
        entry |= shared | {"code": hashes[name]}
    entries["two"]["data"] = {"pjm/AEP": "0"}
    notebook.results.parent.mkdir()
    notebook.results.write_text(json.dumps({"command": "c", "experiments": entries}))
    head, one, two, big = tables(tiny).split("### ")
    assert head.startswith(
        "## 1 · Twice\n\nThe prose of [chapter 1](01_twice.ipynb) quotes 1 number;"
    )
    assert re.findall("^(.+)\n: (.+)$", head, re.M) == [
        ("made by", "`unrolled results 01`"),
        ("on", "Machine"),
        ("with", "python 3.x"),
        ("tolerance", "25\N{NO-BREAK SPACE}%"),
    ]
    places = "[A section](01_twice.ipynb#a-section) and [More](01_twice.ipynb#more)"
    assert f"\n\ndata the book's own · seeds 3, from 0 to 2 · shown in {places}\n\n" in one
    assert "| row | median | lowest | highest |\n| --- | --: | --: | --: |" in one
    assert "| r | 3 | 1 | 1,235 |" in one
    assert "\n\ndata `pjm/AEP` · seeds 1: 7\n\n" in two
    assert "| row | value |\n| --- | --: |\n| r | 2 |" in two
    assert "`unrolled results 01 --scale full` makes it. It takes a GPU and hours." in big
    assert "Out of date" not in head + one + two + big
    entries["two"]["scale"] = "full"
    notebook.results.write_text(json.dumps({"command": "c", "experiments": entries}))
    assert "made by `unrolled results 01 --scale full` ·" in tables(tiny)


def test_a_chapter_without_experiments_has_no_tables(tiny: Book) -> None:
    assert tables(tiny) == ""


def test_the_index_leads_to_every_exercise(html: Path) -> None:
    text = (html / "genindex.html").read_text(encoding="utf-8")
    for notebook in BOOK.notebooks:
        for one in notebook.exercises:
            assert f"(exercise {notebook.label(one.id)})" in text
            assert one.id in text
