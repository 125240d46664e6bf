"""Bring work/ up to date: a student's answers and cells in a newer chapter.

Three versions of a notebook are compared cell by cell: the chapter that the student received, what
the student made of it, and the chapter as it is now. What only one side changed is taken from that
side. Exercise cells stand where the chapter has them; `splice` fills them.
"""

import ast
import copy
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from unrolled.answers import newest
from unrolled.errors import BookError
from unrolled.files import write_atomic
from unrolled.manifest import Book, Notebook, amount
from unrolled.notebook import (
    definitions,
    exercise_of,
    read_notebook,
    signature_problem,
    sources_of,
    splice,
)
from unrolled.student.work import NO_WORK, Pair, alone, outdated, received

Key = tuple[str, str]


@dataclass
class Merged:
    """A chapter with a student's part in it, and what to tell: of conflicts, of other changes."""

    notebook: NotebookNode
    carried: int = 0
    own: int = 0
    conflicts: list[str] = field(default_factory=list)
    news: list[str] = field(default_factory=list)


def update(book: Book, notebooks: Sequence[Notebook]) -> Iterator[str]:
    """Carry the answers in work/ into the chapters as they are now; yield what was done."""
    work = book.work
    if not work.is_dir():
        raise BookError(NO_WORK)
    yield from _unclaimed(book, work)
    trouble = []
    for notebook in notebooks:
        if newest(work, notebook) is None:
            continue
        if not outdated(work, notebook):
            yield f"work/{notebook.name}: up to date"
            continue
        try:
            with alone(work):
                lines = _update(book, Pair.read(work, notebook))
        except BookError as error:  # the other notebooks can be brought up to date all the same
            trouble.append(str(error))
        else:
            yield from lines
    if trouble:
        raise BookError("; ".join(trouble))


def _update(book: Book, pair: Pair) -> list[str]:
    """Bring one notebook up to date; return what was done, a line each."""
    work, notebook = pair.work, pair.notebook
    mine, newer = read_notebook(pair.newest), read_notebook(notebook.source)
    base = _received(work, notebook)
    taken = list(_forgotten(pair, mine, newer))
    merged = merge(base, mine, newer, f"work/{pair.newest.name}")
    kept = [pair.keep(pair.newest), *pair.replace(merged.notebook)]
    write_atomic(received(work, notebook), notebook.source.read_text(encoding="utf-8"))
    parts = [f"{amount(merged.carried, 'answer')} carried"]
    own = f"{amount(merged.own, 'cell')} of yours stay{'s' * (merged.own == 1)}"
    parts += [own] if merged.own else []
    places = ", ".join(path.relative_to(book.home).as_posix() for path in kept)
    lines = [f"work/{notebook.name}: {', '.join(parts)}; the old file is kept in {places}"]
    if base is None:
        lines.append("  you began with a version that is not known; what differs is kept as yours")
    return [
        *lines,
        *(f"  {line}" for line in [*taken, *merged.news]),
        *(f"  conflict: {line}" for line in merged.conflicts),
    ]


def _forgotten(pair: Pair, mine: NotebookNode, newer: NotebookNode) -> Iterator[str]:
    """Put answers of an older file into stubs of the newest, and say so: a stub is no answer."""
    stubs = sources_of(newer), sources_of(_received(pair.work, pair.notebook))
    for path in list(pair.contents)[1:]:
        with suppress(BookError):  # one that cannot be read is kept
            older = sources_of(read_notebook(path))
            for cell in mine.cells:
                name = exercise_of(cell)
                untried = [one.get(name) for one in stubs]
                if name in older and cell.source in untried and older[name] not in untried:
                    cell.source = older[name]
                    yield f"{name}: taken from {path.name}; {pair.newest.name} has the stub"


def _unclaimed(book: Book, work: Path) -> Iterator[str]:
    """Yield a line for each file of answers that belongs to no chapter, after one was renamed."""
    known = {one.name for one in book.notebooks} | {one.key for one in book.notebooks}
    for path in sorted(work.glob("[0-9]*")):
        if path.suffix in (".py", ".ipynb") and path.stem not in known:
            yield f"work/{path.name}: no chapter of this book has that name; it stays as it is"


def _received(work: Path, notebook: Notebook) -> NotebookNode | None:
    try:
        return read_notebook(received(work, notebook))
    except BookError:  # missing, or damaged
        return None


def merge(base: NotebookNode | None, mine: NotebookNode, newer: NotebookNode, shown: str) -> Merged:
    """Return the newer chapter with what is the student's in it; nothing given is changed.

    base: the chapter that the student received; None where nobody knows. What both sides changed is
    a conflict: the chapter's cell stands, the student's follows it. An answer always stands in its
    exercise's cell, whole. shown: the name of the student's file, for errors.
    """
    stubs, old = sources_of(newer), sources_of(base)
    answers = {
        name: text for name, text in sources_of(mine).items() if text not in (old.get(name), "")
    }
    answers = {name: text for name, text in answers.items() if text != stubs.get(name)}
    result = Merged(copy.deepcopy(newer))
    result.notebook.metadata.update(copy.deepcopy(mine.metadata))
    result.notebook.cells = list(_cells(base, _plain(mine, stubs, answers, result), newer, result))
    for name, text in answers.items():
        if name in stubs:
            result.carried += 1
            answers[name] = _new_docstrings(old.get(name, ""), stubs[name], text)
    fits = {name: t for name, t in answers.items() if _fits(stubs.get(name), t)}
    given = new_notebook()
    given.cells = [new_code_cell(t, metadata={"exercise": name}) for name, t in fits.items()]
    result.notebook = splice(result.notebook, given, shown, partial=True)
    for name in answers.keys() & stubs.keys():
        _told(result, name, old.get(name), stubs[name], answers[name], name in fits)
    return result


def _fits(stub: str | None, answer: str) -> bool:
    return stub is not None and signature_problem(stub, answer) is None


def _told(result: Merged, name: str, old: str | None, stub: str, answer: str, fits: bool) -> None:
    """Say what became of a task that changed; an answer that splice refuses is put in as it is."""
    cells = result.notebook.cells
    place = next(i for i, cell in enumerate(cells) if exercise_of(cell) == name)
    if not fits:
        cells[place].source = answer
    if old == stub:
        return
    if fits or (old is not None and signature_problem(stub, old) is None):
        result.news.append(f"{name}: the text of its cell is new; read it once more")
        return
    problem = signature_problem(stub, answer)
    result.conflicts.append(f"{name}: {problem}; your answer stands as it was, the new stub below")
    note = f"The chapter now asks for this:\n\n```python\n{stub}\n```"
    if note not in [cell.source for cell in cells]:  # from an update that was interrupted
        cells.insert(place + 1, new_markdown_cell(note))


def _plain(
    mine: NotebookNode, stubs: Mapping[str, str], answers: Mapping[str, str], result: Merged
) -> list[NotebookNode]:
    """Return the student's cells: each exercise once, the answer to one that is gone unkeyed."""
    cells, seen = [], set[str]()
    for cell in mine.cells:
        name = exercise_of(cell)
        if name in answers and name not in stubs:
            cell = copy.deepcopy(cell)
            del cell.metadata["exercise"]
            if name not in seen:
                gone = "the chapter asks it no more; your answer stays as a cell of yours"
                result.conflicts.append(f"{name}: {gone}")
        elif name in seen:
            continue
        if name:
            seen.add(name)
        cells.append(cell)
    return cells


def _key(cell: NotebookNode) -> Key:
    name = exercise_of(cell)
    return ("exercise", name) if name else (cell.cell_type, cell.source.strip())


def _cells(
    base: NotebookNode | None, mine: list[NotebookNode], newer: NotebookNode, result: Merged
) -> Iterator[NotebookNode]:
    """Yield the merged cells, each exercise of the newer chapter once."""
    wanted = {key for key in map(_key, newer.cells) if key[0] == "exercise"}
    seen: set[Key] = set()
    for cell in _merged(base, mine, newer, wanted, result):
        key = _key(cell)
        if key in wanted and key in seen:
            continue
        seen.add(key)
        yield copy.deepcopy(cell)


def _merged(
    base: NotebookNode | None,
    mine: list[NotebookNode],
    newer: NotebookNode,
    wanted: set[Key],
    result: Merged,
) -> Iterator[NotebookNode]:
    for old, own, new in _chunks(base, mine, newer.cells):
        was, is_mine, is_new = ([_key(cell) for cell in part] for part in (old, own, new))
        kept = wanted & set(is_new) <= set(is_mine)
        if was == is_mine or is_new == is_mine:
            yield from new
        elif was == is_new and kept:  # only the student changed it
            result.own += len([key for key in is_mine if key not in {*was, *wanted}])
            yield from own
        else:
            mine_alone = [c for c in own if _key(c) not in {*was, *is_new, *wanted}]
            result.own += len(mine_alone)
            if mine_alone and not set(was) <= set(is_mine):
                first = mine_alone[0].source.strip().partition("\n")[0][:60]
                result.conflicts.append(
                    f"the chapter and you changed the same place; yours follows: {first!r}"
                )
            yield from [*new, *mine_alone]


Cells = list[NotebookNode]


def _chunks(
    base: NotebookNode | None, mine: Cells, newer: Cells
) -> Iterator[tuple[Cells, Cells, Cells]]:
    """Yield stretches of the three versions, in order: those where all agree, and those between."""
    left, right = [_key(cell) for cell in mine], [_key(cell) for cell in newer]
    if base is None:  # what both have
        common = SequenceMatcher(None, left, right, autojunk=False).get_matching_blocks()
        old = [cell for block in common for cell in newer[block.b : block.b + block.size]]
    else:
        old = base.cells
    keys = [_key(cell) for cell in old]
    in_mine, in_newer = _matches(keys, left), _matches(keys, right)
    i = j = k = 0
    for one in sorted(in_mine.keys() & in_newer.keys()):
        here = in_mine[one], in_newer[one]
        yield old[i:one], mine[j : here[0]], newer[k : here[1]]
        yield [old[one]], [mine[here[0]]], [newer[here[1]]]
        i, j, k = one + 1, here[0] + 1, here[1] + 1
    yield old[i:], mine[j:], newer[k:]


def _matches(one: list[Key], other: list[Key]) -> dict[int, int]:
    blocks = SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks()
    return {b.a + n: b.b + n for b in blocks for n in range(b.size)}


def _new_docstrings(old: str, stub: str, answer: str) -> str:
    """Put the stub's docstrings where the answer still has those of the old stub."""
    try:
        before, now, given = definitions(old), definitions(stub), definitions(answer)
    except SyntaxError:
        return answer
    lines, stub_lines = answer.split("\n"), stub.split("\n")
    found = []
    for name in before.keys() & now.keys() & given.keys():
        texts = [ast.get_docstring(one[name]) for one in (before, now, given)]
        if None not in texts and texts[0] == texts[2] != texts[1]:
            text, new = given[name].body[0], now[name].body[0]
            rest = given[name].body[1:2]
            alone = not rest or rest[0].lineno > (text.end_lineno or 0)  # on its last line
            if alone and text.lineno > given[name].lineno:  # else on the line of its header
                found.append((text.lineno, text.end_lineno, new.lineno, new.end_lineno))
    for first, last, new_first, new_last in sorted(found, reverse=True):
        lines[first - 1 : last] = stub_lines[new_first - 1 : new_last]
    return "\n".join(lines)
