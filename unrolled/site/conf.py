"""Sphinx's configuration; the book's words come from book.toml."""

import re

from unrolled.manifest import read_book

_book = read_book()  # of the current folder

project = _book.about.title
author = ", ".join(_book.about.authors)
project_copyright = f"{author}. Prose CC BY 4.0, code MIT"
language = _book.about.language
html_title = f"{project}: {_book.about.description[0].lower()}{_book.about.description[1:]}"

# Opened as a file, a page may not fetch others: search lists the titles, without excerpts.
_SEARCH = 'if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;'


extensions = [
    "myst_nb",
    "sphinx_exercise",
    "sphinx_togglebutton",
    "sphinx_design",
    "sphinx_copybutton",
    "sphinxcontrib.bibtex",
    "unrolled.site.mathml",
    "unrolled.site.pages",
    "unrolled.site.styles",
    "unrolled.site.movable",
]
html_math_renderer = "mathml"
nb_execution_mode = "off"
nb_merge_streams = True
nb_number_source_lines = False
myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence", "attrs_inline", "deflist"]
myst_heading_anchors = 3
bibtex_bibfiles = [str(_book.root / _book.about.src / "references.bib")]
bibtex_default_style = "plain"
bibtex_reference_style = "author_year"
copybutton_selector = "div.highlight-ipython3 pre, div.highlight-python pre, div.highlight-sh pre"
togglebutton_hint = "Show the solution"
togglebutton_hint_hide = "Hide the solution"
hide_exercise_title = False
exercise_style = "solution_follow_exercise"  # a solution's title is one word, not a link

# `-b linkcheck`, once a week: what the book itself publishes is made after this, or by this.
linkcheck_ignore = [
    re.escape(_book.published.site_url),
    re.escape(_book.published.git_repository_url),
    "https://(colab.research.google.com|mybinder.org)/",
]

html_theme = "sphinx_book_theme"
html_context = {
    "default_mode": "light",  # of a page without scripts; layout.html follows the system
    "edit_url": _book.published.edit_url_template,
    "src": _book.about.src,
}
templates_path = ["templates"]
html_baseurl = _book.published.site_url
html_static_path = ["static"]
html_css_files = ["icons.css", "style.css"]
html_favicon = "static/favicon.svg"
html_js_files = ["book.js", (None, {"body": _SEARCH})]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_theme_options = {
    "use_download_button": False,  # it would serve the solved notebook
    "use_fullscreen_button": False,
    "navbar_persistent": [],  # one search box, not two
    "back_to_top_button": False,  # on a phone it covers the line that is read
    "article_footer_items": ["edit"],
    "show_toc_level": 2,
    "home_page_in_toc": True,
    "pygments_light_style": "a11y-light",
    "pygments_dark_style": "a11y-dark",
}
