"""The page of all numbers: every stored table with what made it, and how often checks err."""

import ast
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import ROUND_CEILING, Context

from scipy.stats import binomtest

from unrolled.author.counts import FIRST_SEED, Count, counted_codes, read_counts
from unrolled.author.numbers import quoted
from unrolled.codehash import defines, loaded
from unrolled.manifest import Book, Notebook, amount
from unrolled.measure.again import Repeat, repeats
from unrolled.measure.experiments import at_full_scale, code_hashes, described
from unrolled.measure.tables import Entry, stored_tables
from unrolled.notebook import Cell, read_cells
from unrolled.site.links import anchor

ASKED = 1e-3  # of all runs of all checks on the solutions, so many may fail
CONFIDENCE = 0.95
MARKUP = re.compile(r"([\\`*_{}\[\]()#+\-.!|$<>~^:@])")


# --- the measured tables ----------------------------------------------------------------------


def tables(book: Book) -> str:
    """Return every stored table in MyST, below its chapter's title, with what made it."""
    return "\n\n".join(part for one in book.notebooks for part in _notebook(one))


def _notebook(notebook: Notebook) -> Iterator[str]:
    says, entries = described(notebook), stored_tables(notebook).experiments
    if not says and not entries:
        return
    cells = read_cells(notebook.source)
    title = cells[0].source.splitlines()[0].removeprefix("# ")
    yield f"## {title}"
    quotes = amount(len(list(quoted(cells))), "number")
    yield (
        f"The prose of [chapter {notebook.short}]({notebook.name}.ipynb) quotes {quotes}; "
        "`unrolled verify` holds each against what the cells before it print."
    )
    facts = {name: _facts(notebook, entry) for name, entry in entries.items()}
    shared = {
        key: value
        for key, value in next(iter(facts.values()), {}).items()
        if all(one[key] == value for one in facts.values())
    }
    if shared:
        yield _list(shared)
    titles = dict.fromkeys([*says, *entries])
    places, hashes, large = shown_in(cells, titles), code_hashes(notebook), at_full_scale(notebook)
    for name in titles:
        yield f"### {_text(name)}"
        yield _text(says.get(name, ""))
        if name not in entries:
            command = f"unrolled results {notebook.key}" + " --scale full" * (name in large)
            effort = " It takes a GPU and hours." if name in large else ""
            yield f"**Not measured yet**: there is no stored table. `{command}` makes it.{effort}"
            continue
        own = {key: value for key, value in facts[name].items() if key not in shared}
        sections = [
            f"[{one.lstrip('# ')}]({notebook.name}.ipynb#{anchor(one)})" for one in places[name]
        ]
        own |= {"shown in": " and ".join(sections)} if sections else {}
        yield " · ".join(f"{key} {value}" for key, value in own.items())
        if hashes.get(name) != entries[name].code:
            yield "**Out of date**: the chapter's code has changed since this was measured."
        yield _rows(entries[name])


def _facts(notebook: Notebook, entry: Entry) -> dict[str, str]:
    """Return what a table was measured with, in words; what a whole chapter shares is said once."""
    full = " --scale full" * (entry.scale == "full")
    return {
        "made by": f"`unrolled results {notebook.key}{full}`",
        "on": entry.machine,
        "with": ", ".join(f"{name} {one}" for name, one in entry.versions.items()),
        "data": ", ".join(f"`{name}`" for name in entry.data) or "the book's own",
        "seeds": _seeds(entry.seeds),
        "tolerance": f"{100 * entry.tolerance:g}\N{NO-BREAK SPACE}%",
    }


def _seeds(seeds: Sequence[int]) -> str:
    first, last = seeds[0], seeds[-1]
    if len(seeds) > 1 and list(seeds) == list(range(first, last + 1)):
        return f"{len(seeds)}, from {first} to {last}"
    return f"{len(seeds)}: {', '.join(map(str, seeds))}"


def _list(facts: Mapping[str, str]) -> str:
    lines = [f"{name}\n: {fact}\n" for name, fact in facts.items()]
    return "\n".join([":::{div} unrolled-facts", *lines, ":::"])


def _rows(entry: Entry) -> str:
    """Return a table's rows; with one seed a row is one value."""
    single = len(entry.seeds) == 1
    heads = ["row", "value"] if single else ["row", "median", "lowest", "highest"]
    lines = [heads, ["---"] + ["--:"] * (len(heads) - 1)]
    for name, row in entry.summaries.items():
        numbers = [row.median] if single else [row.median, row.low, row.high]
        lines.append([_text(name), *map(number, numbers)])
    return _table(lines)


def _table(lines: Iterable[Sequence[str]]) -> str:
    rows = [f"| {' | '.join(line)} |" for line in lines]
    return "\n".join([":::{div} unrolled-numbers", *rows, ":::"])


def number(value: float) -> str:
    """Return a measured value as the page shows it: whole, or with four digits that count."""
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _text(plain: str) -> str:
    """Return a text in which no character is markup."""
    return MARKUP.sub(r"\\\1", " ".join(plain.split()))


def shown_in(cells: Sequence[Cell], titles: Iterable[str]) -> dict[str, list[str]]:
    """Return, for each table, the headings of the sections whose cells read it.

    A statement reads a table if it uses `tables` and has the table's title in quotes, or else its
    cell has; or if it uses a name that such a statement has bound.
    """
    found: dict[str, list[str]] = {title: [] for title in titles}
    bound: dict[str, set[str]] = {}
    heading = ""
    for cell in cells:
        if cell.kind == "markdown":
            heading = next((h for h in re.findall("^## .+$", cell.source, re.M)[-1:]), heading)
        elif not cell.exercise and not {"setup", "experiment"} & set(cell.tags):
            tree = ast.parse(cell.source)
            for statement in tree.body:
                bound["tables"] = _quoted(statement, found) or _quoted(tree, found)
                own = set(defines(statement))
                names = loaded(ast.unparse(statement)) - own
                read = {table for name in names for table in bound.get(name, ())}
                bound |= dict.fromkeys(own, read)
                for title in read:
                    if heading and heading not in found[title]:
                        found[title].append(heading)
    return found


def _quoted(tree: ast.AST, titles: Iterable[str]) -> set[str]:
    constants = {one.value for one in ast.walk(tree) if isinstance(one, ast.Constant)}
    return {title for title in titles if title in constants}


# --- measured again ---------------------------------------------------------------------------


def again(book: Book) -> str:
    """Return in MyST how far the tables agree with what was measured of them once more."""
    found = list(repeats(book))
    if not found:
        return NOBODY
    return "\n\n".join([READ, *(part for one in found for part in _again(book, *one))])


NOBODY = "No second run is kept yet."
TIME = re.compile(r"\b(?:CPU s|seconds)\b[^:]*:")  # in the name of a row
READ = (
    "The table tells how many of a chapter's tables were measured again; how many of their medians "
    "lay in range; and how many rows came out the same, for every seed and to the last digit. "
    "Others have reason to differ: a time is that of a machine, and training enlarges the last "
    "digits, in which processors and libraries differ. The seconds are CPU time."
)


def _again(book: Book, machine: str, kept: Mapping[str, Repeat]) -> Iterator[str]:
    versions = sorted({pair for one in kept.values() for pair in one.versions.items()})
    heads = ["chapter", "day", "tables", "in range", "the same", "CPU s"]
    lines, outside = [heads, ["---", "---"] + ["--:"] * 4], []
    for notebook in book.notebooks:
        stored = stored_tables(notebook).experiments.values()
        made, one = sum(entry.scale == "default" for entry in stored), kept.get(notebook.name)
        if not made:
            continue
        if one is None:
            lines.append([notebook.short, "–", f"0/{made}", "–", "–", "–"])
            continue
        within = one.rows - len(one.outside)
        counts = [f"{len(one.tables)}/{made}", f"{within}/{one.rows}", f"{one.same}/{one.rows}"]
        lines.append([notebook.short, one.date, *counts, number(one.cpu)])
        outside += [f"- {notebook.short}, {_text(line)}" for line in one.outside]
    yield f"**{_text(machine)}**, with {', '.join(f'{k} {n}' for k, n in versions)}:"
    yield _table(lines)
    times = [line for line in outside if TIME.search(line)]
    results = [line for line in outside if line not in times]
    for what, some in (("Results", results), ("Times, which are those of a machine", times)):
        if some:
            yield "\n".join([f"{what}, outside of the stored range and its tolerance:\n", *some])


# --- the checks -------------------------------------------------------------------------------


def checks(book: Book) -> str:
    """Return in MyST what the checks of each exercise were counted to do, and all of them."""
    counts, labels, stale = read_counts(book.root), {}, []
    for notebook in book.notebooks:
        codes = counted_codes(notebook)
        for one in notebook.exercises:
            labels[one.id] = notebook.label(one.id), one.title
            if one.id in counts and counts[one.id].code != codes[one.id]:
                stale.append(one.id)
    known = {name: counts[name] for name in labels if name in counts and name not in stale}
    heads = ("exercise", "checks", "wrong", "passed", "mutants", "failed", "at most")
    lines = [list(heads), ["---"] + ["--:"] * 6]
    for name, (label, title) in labels.items():
        link = f"[{label} {_text(title)}](#exercise-{label.replace('.', '-')})"
        lines.append([link, *(_counted(known[name]) if name in known else ["–"] * 6)])
    told = [_whole(list(known.values()))] if known else []
    if len(known) < len(labels):
        why = ", ".join(f"`{name}`" for name in labels if name not in known)
        mend = "`unrolled verify --seeds 20` counts them"
        told.append(f"**Not counted**, or with other code than the book has now: {why}; {mend}.")
    return "\n\n".join([*told, _table(lines)])


def _counted(count: Count) -> list[str]:
    return [
        str(count.checks),
        str(count.wrong),
        f"{len(count.passed)}/{count.wrong_runs}",
        f"{count.killed}/{count.mutants}",
        f"{len(count.failed)}/{count.seeds}",
        _percent(at_most(len(count.failed), count.seeds)),
    ]


def _whole(counts: Sequence[Count]) -> str:
    """Return what holds of all exercises at once, under the seeds that each was run under.

    A check draws from the seed of a run and its own name, so what a run of all checks would have
    drawn under a seed is known from runs of one exercise after the other.
    """
    runs = min(one.seeds for one in counts)
    failed = len({seed for one in counts for seed in one.failed if seed < FIRST_SEED + runs})
    killed, made = sum(one.killed for one in counts), sum(one.mutants for one in counts)
    passed, wrong_runs = sum(len(one.passed) for one in counts), sum(o.wrong_runs for o in counts)
    bound = at_most(failed, runs)
    enough = math.ceil(math.log(1 - CONFIDENCE) / math.log(1 - ASKED))
    lines = [
        f"All in all, {amount(sum(one.checks for one in counts), 'check')} reject "
        f"{amount(sum(one.wrong for one in counts), 'named wrong answer')} and {killed:,} of "
        f"{made:,} mutants, {killed / made:.1%}. Of {amount(wrong_runs, 'run')} of wrong answers "
        f"over seeds, {passed} passed.",
        f"Under each of {amount(runs, 'seed')}, {FIRST_SEED} to {FIRST_SEED + runs - 1}, every "
        f"exercise's solution was run by itself; under {failed} of them a check of some exercise "
        f"failed. So, with {CONFIDENCE:.0%} confidence, a run of all checks on the book's "
        f"solutions, under a seed drawn anew, has a false failure in at most {_percent(bound)} of "
        "all cases.",
    ]
    if bound > ASKED:
        lines.append(
            f"We ask for {_percent(ASKED)}, which takes {enough:,} seeds without a failure: "
            "`unrolled verify --seeds` adds them to those that are kept."
        )
    return " ".join(lines)


def at_most(failed: int, runs: int) -> float:
    """Return the upper bound of a rate, by Clopper and Pearson, one-sided at CONFIDENCE.

    Without a failure it is about three in so many runs.
    """
    if not runs:
        return 1.0
    test = binomtest(failed, runs, alternative="less")
    return float(test.proportion_ci(CONFIDENCE, "exact").high)


def _percent(share: float) -> str:
    """Return a share with two digits that count, rounded up: what is said to be a bound is one."""
    up = Context(prec=2, rounding=ROUND_CEILING)
    return f"{up.create_decimal(f'{100 * share:.9g}'):f} %"


__all__ = ["again", "at_most", "checks", "number", "shown_in", "tables"]
