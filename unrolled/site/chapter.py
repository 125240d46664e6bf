"""What a chapter's page has besides the chapter: facts, links, a table of exercises, the index."""

import re

from nbformat import NotebookNode

from unrolled.manifest import Book, Exercise, Notebook, amount
from unrolled.site.downloads import addresses
from unrolled.site.landing import opening
from unrolled.site.weave import exercise_heading


def dress(page: NotebookNode, book: Book, notebook: Notebook) -> None:
    """Put facts and links below the question, a table of exercises below the opening; mark places.

    page: a woven notebook; it is changed.
    """
    first = page.cells[0]
    title, question, rest = opening(first.source, f"chapters/{notebook.name}.py")
    parts = [title, f"*{question}*", facts(book, notebook), rest, exercises(notebook)]
    first.source = "\n\n".join(part for part in parts if part)
    marked = dict(_marked(one, notebook.label(one.id)) for one in notebook.exercises)
    for cell in page.cells:
        cell.source = marked.get(cell.source, cell.source)


def _marked(exercise: Exercise, label: str) -> tuple[str, str]:
    """An exercise's heading; the same as a target, with its entries in the index."""
    shown = exercise_heading(label, exercise.title)
    terms = (re.sub("^(An?|The) ", "", exercise.title), exercise.id)
    index = "\n".join(f"```{{index}} single: {one} (exercise {label})\n```" for one in terms)
    return shown, f"({_target(label)})=\n{shown}\n\n{index}"


def _target(label: str) -> str:
    return f"exercise-{label.replace('.', '-')}"


def facts(book: Book, notebook: Notebook) -> str:
    """Return the size of a notebook, what it rests on and where it is had, in MyST."""
    size = [
        amount(len(notebook.exercises), "exercise"),
        amount(sum(one.points for one in notebook.exercises), "point"),
        f"about {amount(sum(one.minutes for one in notebook.exercises), 'minute')}",
    ]
    before = [f"{{term}}`{term}`" for term in notebook.chapter.prerequisites]
    earlier = notebook.chapter.notebooks[: notebook.chapter.notebooks.index(notebook.name)]
    before += [f"[{one.short}]({one.name}.ipynb)" for one in book.notebooks if one.name in earlier]
    places = [f"[{name}]({url})" for name, url in addresses(book, notebook).items()]
    rows = {"size": size, "needs": before, "work on it": places}
    lines = [f"{name}\n: {' · '.join(parts)}\n" for name, parts in rows.items()]
    return "\n".join([":::{div} unrolled-facts", *lines, ":::"])


def exercises(notebook: Notebook) -> str:
    """Return the table of a notebook's exercises, each linked to its place."""
    rows = ["| no. | exercise | points | minutes |", "|---|---|--:|--:|"]
    for one in notebook.exercises:
        label = notebook.label(one.id)
        link = f"[{one.title}](#{_target(label)})"
        rows.append(f"| {label} | {link} | {one.points} | {one.minutes} |")
    return "\n".join(rows)
