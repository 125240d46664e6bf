"""The command `unrolled`."""

import io
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import click
from click.shell_completion import CompletionItem
from rich.console import Console, RenderableType
from rich.filesize import decimal

from unrolled import __version__
from unrolled.data.store import hide_fetched, settle
from unrolled.errors import BookError, Show
from unrolled.manifest import PACKED, Book, Notebook, amount, read_book

WIDE = 160  # columns of a table that goes to a file
SECTIONS = {
    "Work through the book": ("start", "check", "hint", "solution", "status", "reset", "update"),
    "Around it": ("doctor", "data", "completion"),
    "Teach with it": ("release", "grade"),
    "Maintain it": ("build", "pdf", "inspect", "verify", "results", "reference", "bench", "readme"),
}


class Commands(click.Group):
    """Show a BookError as one line; exit codes 0 ok, 1 checks failed, 2 usage or environment."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands by what somebody is about to do."""
        for title, names in SECTIONS.items():
            with formatter.section(title):
                found = [(name, self.commands[name]) for name in names]
                formatter.write_dl([(n, one.get_short_help_str(limit=200)) for n, one in found])

    def invoke(self, ctx: click.Context) -> object:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except BookError as error:
            click.echo(f"unrolled: {error}", err=True)
            ctx.exit(2)
        except ModuleNotFoundError as error:  # a group of packages that is not installed
            if not error.name or error.name.partition(".")[0] == __package__:
                raise
            mend = "unrolled doctor" if PACKED.is_dir() else "python unrolled/environment.py all"
            click.echo(f"unrolled: {error.name} is not installed; `{mend}` helps", err=True)
            ctx.exit(2)
        except BrokenPipeError:  # whoever reads has seen enough; click ends in silence
            raise
        except OSError as error:  # a full disk, a folder that may not be written
            place = f": {error.filename}" if error.filename else ""
            click.echo(f"unrolled: {error.strerror or error}{place}", err=True)
            ctx.exit(2)
        except BrokenExecutor:  # bench, results
            click.echo("unrolled: a process died; is memory short? finished work is kept", err=True)
            ctx.exit(2)
        except KeyboardInterrupt:
            click.echo("unrolled: interrupted; finished work is kept", err=True)
            ctx.exit(130)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """Recurrent networks, learned by fixing them.

    A chapter is read and repaired at once: it stops at cells that raise NotImplementedError, and
    each of them is an exercise with checks that say what is wrong, and which mistake it looks like.

    \b
        unrolled start 1          a copy of chapter 1 in work/, yours
        unrolled check --watch    a verdict whenever you save
        unrolled hint             three for each exercise, one at a time
        unrolled status           how far you are, and what is next

    Nothing overwrites an answer: what `update` and `reset` replace is kept in work/kept/. An error
    is one line. Exit code 0: all is well; 1: checks failed; 2: usage or environment. Colors are
    left out where NO_COLOR is set. The whole story is chapters/students.md.
    """
    for stream in (sys.stdout, sys.stderr):  # a terminal without our signs shows others
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    settle()


def _exercises(ctx: click.Context, param: click.Parameter, begun: str) -> list[CompletionItem]:
    """Offer the ids of exercises to a shell; nothing outside a book."""
    with suppress(BookError):
        every = [one for notebook in read_book().notebooks for one in notebook.exercises]
        return [CompletionItem(e.id, help=e.title) for e in every if e.id.startswith(begun)]
    return []


def _notebooks(ctx: click.Context, param: click.Parameter, begun: str) -> list[CompletionItem]:
    """Offer the notebooks to a shell; nothing outside a book."""
    with suppress(BookError):
        every = read_book().notebooks
        return [
            CompletionItem(n.key, help=n.chapter.title) for n in every if n.key.startswith(begun)
        ]
    return []


@main.command()
@click.argument("notebooks", nargs=-1, shell_complete=_notebooks)
def build(notebooks: tuple[str, ...]) -> None:
    """Execute the chapters with the reference answers and render the book.

    NOTEBOOKS (01, 03a) limits what is executed, once all have a page; the default is all. What has
    not changed is not executed again.
    """
    book = _clone()
    from unrolled.site import build as build_book

    with _progress("cells") as show:
        cells, page = build_book(book, book.select(notebooks), show)
    click.echo(f"{amount(cells, 'cell')} executed · {page.relative_to(book.root)}")


@main.command()
def pdf() -> None:
    """Print the pages of build/html as one PDF, build/unrolled.pdf.

    A title page, contents with the numbers of pages, bookmarks, solutions at the end of each
    chapter, an index. It takes the system's Chromium, as `inspect` does.
    """
    book = _clone()
    from unrolled.site.pdf import write_pdf

    path = write_pdf(book)
    click.echo(f"{decimal(path.stat().st_size)} · {path.relative_to(book.root)}")


@main.command()
@click.option("--lighthouse/--no-lighthouse", default=True, help="Its scores too, if npm is there.")
def inspect(lighthouse: bool) -> None:
    """Look at every page of build/html in a browser: light and dark, from phone to desk, on paper.

    axe, contrast, headings, requests to other hosts, errors, movement, bytes, the keyboard's way
    from an exercise to its solution. Pictures go to build/shots/. Exit code 1 if anything is amiss.
    """
    book = _clone()
    from unrolled.site.inspection import report

    console = Console(soft_wrap=True)
    if not console.is_terminal:
        console.width = WIDE
    problems = report(book, console, lighthouse)
    click.echo(amount(problems, "problem") if problems else "every page holds")
    sys.exit(1 if problems else 0)


@main.command()
@click.argument("notebooks", nargs=-1, shell_complete=_notebooks)
@click.option(
    "--scale",
    type=click.Choice(["default", "full"]),
    default="default",
    show_default=True,
    envvar="UNROLLED_SCALE",
    show_envvar=True,
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=2,
    show_default=True,
    help="Processes that measure side by side.",
)
@click.option("--again", is_flag=True, help="Keep the stored tables; see how far they agree.")
def results(notebooks: tuple[str, ...], scale: str, jobs: int, again: bool) -> None:
    """Measure the tables of data/results/, all or those of some NOTEBOOKS (01, 03a).

    What is up to date is kept; an interrupted call goes on where it stopped. A table that needs
    data which is not on this machine (`unrolled data list`) stays as it is, and that is said.

    With --again all of them are measured once more, at the default scale, and held against the
    stored ones; how far they agree is kept in data/results/again.json, by kind of machine. Exit
    code 1 if a median lies outside of the stored range and its tolerance.
    """
    book, outside = _clone(), 0
    if again and scale != "default":
        raise BookError(
            "--again measures at the default scale: leave out --scale, and UNROLLED_SCALE"
        )
    for notebook in book.select(notebooks):
        if again:
            outside += _measure_again(notebook, jobs)
        else:
            _measure(notebook, jobs, scale)
    sys.exit(1 if outside else 0)


def _measure(notebook: Notebook, jobs: int, scale: str) -> None:
    from unrolled.measure.run import measure

    with _measuring(notebook) as (show, said):
        runs = measure(notebook, show, scale, jobs, said)
    click.echo(f"{amount(runs, 'run')} · {notebook.results.relative_to(notebook.root)}")


def _measure_again(notebook: Notebook, jobs: int) -> int:
    """Tell how far two runs of a notebook agree; return how many medians lie outside."""
    from unrolled.machine import machine_class
    from unrolled.measure.again import again

    with _measuring(notebook) as (show, said):
        found = again(notebook, machine_class(), show, jobs, said)
    for line in [*found.outside, str(found)]:
        click.echo(f"{notebook.key}  {line}")
    return len(found.outside)


@contextmanager
def _measuring(notebook: Notebook) -> Iterator[tuple[Show, Callable[[str], None]]]:
    """Show how far it is; what is said meanwhile is printed below, however it ends."""
    lines: list[str] = []
    try:
        with _progress("runs") as show:
            yield show, lines.append
    finally:
        for line in lines:
            click.echo(f"{notebook.key}  {line}")


@main.command()
@click.argument("notebooks", nargs=-1, shell_complete=_notebooks)
@click.option(
    "--seeds",
    type=click.IntRange(min=1),
    help="Run each solution under so many seeds, and keep the counts.",
)
def verify(notebooks: tuple[str, ...], seeds: int | None) -> None:
    """Prove the book: stubs fail, solutions pass, wrong answers are rejected, numbers are printed.

    The author's gate; NOTEBOOKS (01, 03a) limits it. Exit code 1 if anything is amiss.

    With --seeds it writes data/results/checks.json, from which the page of all numbers tells how
    often checks err; runs that are counted there, and whose code is the same, are not repeated. It
    writes as it goes, and may be stopped at any time: at most twenty seeds are run once more.
    """
    book, problems = _clone(), 0
    from unrolled.author.verify import verify_book

    console = Console(stderr=True)
    with console.status("…") as status:
        log = seeds and not console.is_terminal  # of hours
        said = partial(click.echo, err=True) if log else status.update
        reports = verify_book(book, book.select(notebooks), said, seeds or 0)
    for report in reports:
        for title, figure in report.figures.items():
            click.echo(f"{report.key}  {title}: {figure}")
        for problem in report.problems:
            click.echo(f"{report.key}  {problem}", err=True)
        problems += len(report.problems)
    click.echo(amount(problems, "problem") if problems else "the book holds")
    sys.exit(1 if problems else 0)


@main.command()
@click.argument("notebooks", nargs=-1, shell_complete=_notebooks)
def reference(notebooks: tuple[str, ...]) -> None:
    """Write tests/nbval/: the solved notebooks with the outputs of their checked cells.

    Fetched data is not used for it, so that the outputs reproduce where there is none.
    """
    book = _clone()
    from unrolled.author.reference import write_reference

    hide_fetched(book.root)
    with _progress("cells") as show:
        for path in write_reference(book, book.select(notebooks), show):
            click.echo(path.relative_to(book.root))


@main.command()
def readme() -> None:
    """Write README's table of chapters and its figure."""
    book = _clone()
    from unrolled.author.readme import write_readme

    for path in write_readme(book):
        click.echo(path.relative_to(book.root))


@main.command()
@click.argument("notebooks", nargs=-1, shell_complete=_notebooks)
def start(notebooks: tuple[str, ...]) -> None:
    """Copy the chapters into work/, as .py and .ipynb, for you to fill in.

    NOTEBOOKS (1, 03a) limits it. A file that is there is never overwritten.
    """
    from unrolled.student.work import start as start_work

    book = read_book()
    for line in start_work(book, book.select(notebooks)):
        click.echo(line)


@main.command()
@click.argument("exercises", nargs=-1, shell_complete=_exercises)
@click.option("--chapter", "chapters", multiple=True, help="Only this chapter (1, 03a).")
@click.option("--seed", type=int, help="Repeat a run with this seed.")
@click.option("--answers", default="work", show_default=True, help="The folder to check.")
@click.option("--watch", is_flag=True, help="Stay, and check what you save; q quits.")
def check(
    exercises: tuple[str, ...],
    chapters: tuple[str, ...],
    seed: int | None,
    answers: str,
    watch: bool,
) -> None:
    """Run the checks on your answers, all or those to some EXERCISES.

    EXERCISES go by id (variance_floor), by number (1.1) or by chapter (1). Exit code 0 when every
    check passes, 1 when one does not.

    With --watch the libraries stay loaded, and whatever you save in work/ is checked at once. On a
    drive that tells nobody of changes (a network's, a container's), set WATCHFILES_FORCE_POLLING=1.
    """
    from unrolled.student.report import check as check_work

    book = read_book()
    if watch:
        from unrolled.student.loop import watch as watch_work

        if answers != "work":
            raise BookError("--watch is for your own folder; leave --answers out")
        watch_work(book, book.select(chapters), exercises, seed)
        return
    sys.exit(check_work(book, book.select(chapters), exercises, answers, seed))


@main.command()
@click.argument("notebooks", nargs=-1, shell_complete=_notebooks)
def update(notebooks: tuple[str, ...]) -> None:
    """Carry your answers in work/ into the chapters as they are now, after a `git pull`.

    NOTEBOOKS (1, 03a) limits it. Answers stand in their exercises' cells, cells that you added stay
    where they were, and the old file is kept in work/kept/. Where the chapter and you have changed
    the same cell, the chapter's stands, yours follows it, and that is said.
    """
    from unrolled.student.update import update as update_work

    book = read_book()
    for line in update_work(book, book.select(notebooks)):
        click.echo(line)


@main.command()
@click.argument("exercise", required=False, shell_complete=_exercises)
@click.option("--level", type=click.IntRange(1, 3), help="This one, seen or not.")
def hint(exercise: str | None, level: int | None) -> None:
    """Show the next hint for EXERCISE: a question, a pointer, nearly the answer.

    Each call shows one more. Where the last check knew the mistake, its sentence comes first and
    the hint that helps against it. Without EXERCISE: for the next one that does not pass.
    """
    from unrolled.student.tutor import hint as hints

    book = read_book()
    _say(hints(book, _one(book, exercise), level))


@main.command()
@click.argument("exercise", shell_complete=_exercises)
@click.option("--reveal", is_flag=True, help="Although it has not passed yet.")
def solution(exercise: str, reveal: bool) -> None:
    """Show the book's answer to EXERCISE and why it is as it is, once yours passes."""
    from unrolled.student.tutor import solution as solutions

    book = read_book()
    _say(solutions(book, _one(book, exercise), reveal))


@main.command()
@click.argument("exercises", nargs=-1, required=True, shell_complete=_exercises)
def reset(exercises: tuple[str, ...]) -> None:
    """Put the stub of EXERCISES back; your answer is kept in work/kept/.

    Both files of the pair are written; what the notebook shows below other cells stays.
    """
    from unrolled.answers import called
    from unrolled.student.work import reset as reset_work

    book = read_book()
    for name in [one for exercise in exercises for one in called(book, exercise)]:
        click.echo(reset_work(book, name))


@main.command()
def status() -> None:
    """Show how far you are: exercises and points of each chapter, hints, what comes next.

    Nothing is checked for this; it tells what the last checks found (work/progress.json).
    """
    from unrolled.student.tutor import status as lines

    _say(lines(read_book()))


@main.command()
def doctor() -> None:
    """Say what this machine has of what the book needs, and what mends what is missing.

    Versions, devices, the notebooks' kernel, your answers, the data. Exit code 2 if something is
    missing that the book does not work without.
    """
    from rich.markup import escape

    from unrolled.doctor import examine
    from unrolled.student.tutor import console

    screen, missing = console(), 0
    for one in examine(read_book()):
        sign = "[green]✓[/]" if not one.mend else "[red]✗[/]" if one.needed else "[yellow]·[/]"
        screen.print(f"{sign} [bold]{escape(one.what)}[/]: {escape(one.found)}", soft_wrap=True)
        if one.mend:
            screen.print(f"    {escape(one.mend)}", soft_wrap=True)
        missing += bool(one.mend and one.needed)
    sys.exit(2 if missing else 0)


@main.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print what completes commands, exercises and chapters in your SHELL.

    \b
        bash    eval "$(unrolled completion bash)"          in ~/.bashrc
        zsh     eval "$(unrolled completion zsh)"           in ~/.zshrc
        fish    unrolled completion fish | source           in ~/.config/fish/config.fish
    """
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    assert found is not None
    click.echo(found(main, {}, "unrolled", "_UNROLLED_COMPLETE").source())


def _clone() -> Book:
    """Return the book for a command that needs all of it, which an installed wheel has not."""
    book = read_book()
    if book.root == PACKED:
        name = click.get_current_context().info_name
        where = book.published.git_repository_url
        raise BookError(
            f"`unrolled {name}` needs a clone of the book, and this one is installed: {where}"
        )
    return book


def _one(book: Book, name: str | None) -> str:
    """Return the one exercise that a person means; the next that does not pass for none."""
    from unrolled.answers import called
    from unrolled.student.progress import read_progress
    from unrolled.student.tutor import next_exercise

    if name is None:
        found = next_exercise(book, read_progress(book.work)[0])
        if found is None:
            raise BookError("every exercise passes; name one")
        return found
    names = called(book, name)
    if len(names) != 1:
        raise BookError(f"{name} means {len(names)} exercises; name one: {', '.join(names)}")
    return names[0]


def _say(lines: Iterable[RenderableType]) -> None:
    from unrolled.student.tutor import console

    screen = console()
    for line in lines:
        screen.print(line)


@main.command()
@click.argument("submissions", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Where results go.")
@click.option("--chapter", "chapters", multiple=True, help="Only this chapter (1, 03a).")
@click.option("--one", is_flag=True, help="SUBMISSIONS is a single submission.")
@click.option("--course", type=click.Path(path_type=Path), help="Default: course.toml of the book.")
@click.option("--secret-file", type=click.Path(path_type=Path), help="Default: drawn, kept in OUT.")
@click.option("--jobs", default=2, show_default=True, type=click.IntRange(1))
@click.option("--scheduler", default="", help="A Dask cluster, tcp://…, in place of --jobs.")
@click.option("--workers", type=click.Choice(["warm", "cold"]), default="warm", show_default=True)
@click.option(
    "--jail",
    type=click.Choice(["bubblewrap", "container"]),
    default="bubblewrap",
    show_default=True,
    help="container: you are root in one that is thrown away after this submission.",
)
@click.option(
    "--deadline",
    default=900.0,
    show_default=True,
    type=click.FloatRange(1),
    help="Seconds for one submission, by the clock.",
)
@click.option("--resume", is_flag=True, help="Go on with the run in OUT.")
def grade(
    submissions: Path,
    out: Path,
    chapters: tuple[str, ...],
    one: bool,
    course: Path | None,
    secret_file: Path | None,
    jobs: int,
    scheduler: str,
    workers: str,
    jail: str,
    deadline: float,
    resume: bool,
) -> None:
    """Grade a folder of SUBMISSIONS, one file, archive or folder a student.

    Students' code runs in a jail. OUT gets grades.csv, canvas.csv, report.html, and for each
    student a page of feedback and a Gradescope results.json.
    """
    book = _clone()
    from unrolled.course import read_course
    from unrolled.grade.export import write_all
    from unrolled.grade.grader import Settings
    from unrolled.grade.jail import Limits
    from unrolled.grade.run import prepare, run, secret_of
    from unrolled.grade.submissions import attempts, single

    notebooks = book.select(chapters)
    if out.exists() and not out.is_dir():
        raise BookError(f"{out} is a file; name a folder for the results")
    if not one and out.resolve().is_relative_to(submissions.resolve()):
        raise BookError(f"{out} lies among the submissions; name a folder elsewhere")
    source = course or _course_file(book.root, out if resume else None)
    rules = read_course(book, source)
    if one:
        found = [single(submissions, notebooks, rules.zone)]
    else:
        found = attempts(submissions, notebooks, rules.zone)
    prepare(out, resume, source)
    settings = Settings(
        book.root,
        tuple(notebook.name for notebook in notebooks),
        secret_of(out, secret_file),
        workers == "warm",
        jail,
        Limits(submission=deadline),
    )
    with _progress("submissions") as show:
        graded = run(book, rules, settings, found, out, show, jobs, scheduler)
    for path in write_all(graded, out):
        click.echo(path)


def _course_file(root: Path, out: Path | None) -> Path | None:
    """Return the rules that the run in `out` was made with, or else the book's; None: neither."""
    for folder in (out, root):
        if folder is not None and (folder / "course.toml").is_file():
            return folder / "course.toml"
    return None


@main.command()
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--gradescope", is_flag=True, help="Write Gradescope's autograder, TARGET.zip.")
@click.option("--course", type=click.Path(path_type=Path), help="Default: course.toml of the book.")
def release(target: Path, gradescope: bool, course: Path | None) -> None:
    """Write a course repository into TARGET, a new folder: chapters, checks, hints, no answers.

    With --gradescope, write the instructor's autograder archive instead; that one has the answers.
    """
    book = _clone()
    from unrolled.grade import release as parts

    if gradescope:
        parts.gradescope(book, target, course)
        click.echo(target)
        return
    with Console(stderr=True).status("recording how wrong answers fail"):
        for line in parts.release(book, target, course):
            click.echo(line)


@main.group()
def data() -> None:
    """The data behind the chapters: what there is, where it lies, whether it is right.

    The book runs without any of it, on what it carries with it. Real data that is large, or that
    is not ours to hand on, is fetched on request, once, into a cache of yours (UNROLLED_CACHE
    names another folder), and is used from then on.

    Every file has a known hash and is verified before it is used. A folder of your own goes
    first: with UNROLLED_DATA=FOLDER, the file FOLDER/pjm/AEP_hourly.csv, or the same with .gz,
    is taken from there; that folder is never written to.
    """


@data.command("list")
def list_data() -> None:
    """Show every data set, its size, and whether it is on this machine.

    Nothing is read or fetched for this; `unrolled data verify` reads.
    """
    from unrolled.data.registry import read_registry
    from unrolled.data.store import exists

    for one in read_registry():
        here = [exists(file) for file in one.files]
        whole = one.files[0].embedded
        state = "comes with the book" if whole else "here" if all(here) else "not here"
        if len(here) > 1:
            state = f"{sum(here)} of {len(here)} files here"
        click.echo(f"{one.name:16}{decimal(sum(f.size for f in one.files)):>10}  {state}")
        click.echo(f"    {one.what}")
        click.echo(f"    license: {one.license}")
        if len(here) > 1:
            click.echo(f"    files: {', '.join(file.key for file in one.files)}")


@data.command("fetch")
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@click.option("--region", "regions", multiple=True, help="Only this part of NAME: --region AEP.")
@click.option("--offline", is_flag=True, help="Open no connection, as UNROLLED_OFFLINE=1 does.")
def fetch_data(names: tuple[str, ...], regions: tuple[str, ...], offline: bool) -> None:
    """Fetch data sets, or single files of them.

    NAME is one that `unrolled data list` shows: pjm, moving-mnist, pjm/AEP. What is on this
    machine and right is left alone. A download that was cut, by the network or by you, goes on
    where it stopped when you call this again. A file gets its name when its hash is the known
    one, and not before; until then nothing else changes.
    """
    from unrolled.data.download import fetch
    from unrolled.data.registry import files_of

    wanted = [f"{name}/{part}" for name in names for part in regions] if regions else names
    files = dict.fromkeys(file for name in wanted for file in files_of(name))
    with _progress("bytes") as show:
        places = [fetch(file, show, partial(click.echo, err=True), offline) for file in files]
    for file, place in zip(files, places, strict=True):
        click.echo(f"{file.key}  {place}")


@data.command("verify")
@click.argument("names", metavar="[NAME...]", nargs=-1)
def verify_data(names: tuple[str, ...]) -> None:
    """Read the data that is here and compare its hashes.

    Every byte of every file, or of those of NAME, whatever was found before. Exit code 2 if a
    file is not what it has to be, or if one that you named is not here.
    """
    from unrolled.data.registry import files_of, read_registry
    from unrolled.data.store import absent, locate

    files = [file for name in names for file in files_of(name)]
    problems = 0
    for file in files or [file for one in read_registry() for file in one.files]:
        try:
            place = locate(file, afresh=True)
            if place is None and names:
                raise absent(file)
        except BookError as error:
            problems += 1
            click.echo(f"unrolled: {error}", err=True)
        else:
            click.echo(f"{file.key}  {file.digest if place else 'not here'}")
    sys.exit(2 if problems else 0)


@data.command("path")
@click.argument("name")
def path_of_data(name: str) -> None:
    """Print where the file NAME lies (pjm/AEP), once it is verified.

    Exit code 2, and the command that fetches it, if it is not on this machine.
    """
    from unrolled.data import path

    click.echo(path(name))


@main.command()
@click.argument("what", nargs=-1)
@click.option("--keep", is_flag=True, help="Store the figures, for the book and for the next run.")
def bench(what: tuple[str, ...], keep: bool) -> None:
    """Measure what the book costs on this machine, beside what was stored for machines like it.

    WHAT limits it: notebooks (01, 3a), and of execution, checks, students, ratios, build, boundary,
    submission and throughput. Only where it is named, `cold` builds the book from nothing, for
    minutes; the others then take over what that executed. Where no jail starts, the last three are
    left out, and a line says so.

    A mark: the figure is further from the stored one than chance explains. An interrupted call goes
    on where it stopped. Wall times mean something where nothing else is running.
    """
    book = _clone()
    from unrolled.machine import machine_class
    from unrolled.measure import bench as measuring
    from unrolled.measure import costs

    chosen = measuring.parts(book, what, partial(click.echo, err=True))
    machine = machine_class()
    before = costs.stored(book).get(machine, {})
    with Console(stderr=True).status("…") as status:
        run = measuring.measure(book, chosen, machine, status.update)
    Console(soft_wrap=True).print(costs.shown(run, before), highlight=False)
    for line in costs.over_budget(book, run):
        click.echo(f"over budget: {line}")
    for line in costs.other_versions(run, before):
        click.echo(f"stored with {line}")
    marked, compared = costs.differing(run, before)
    if keep:
        click.echo(costs.keep(book, machine, run).relative_to(book.root))
    elif compared:
        figures = f"{marked} of {amount(compared, 'figure')}"
        click.echo(f"{figures} beyond tolerance, beside what is stored for {machine}")
    else:
        click.echo(f"nothing of this is stored for {machine}; --keep stores what was measured")
    measuring.forget(book, chosen)


@contextmanager
def _progress(unit: str) -> Iterator[Show]:
    """Show a bar for each title on a terminal; print nothing elsewhere."""
    from rich import progress as parts

    # The stream of now: a library that is kept quiet must not take the bar with it.
    console = Console(file=sys.stderr)
    if not console.is_terminal:
        yield lambda title, done, total: None
        return
    if unit == "bytes":
        amount: tuple[str | parts.ProgressColumn, ...] = (
            parts.BarColumn(),
            parts.DownloadColumn(),
            parts.TransferSpeedColumn(),
            parts.TimeRemainingColumn(),
        )
    else:
        amount = (parts.MofNCompleteColumn(), unit, parts.TimeElapsedColumn())
    columns = (parts.SpinnerColumn(), "{task.description}", *amount)
    tasks: dict[str, parts.TaskID] = {}
    with parts.Progress(*columns, console=console) as bar:

        def show(title: str, done: int, total: int) -> None:
            if title not in tasks:
                tasks[title] = bar.add_task(title)
            bar.update(tasks[title], completed=done, total=total)

        yield show
