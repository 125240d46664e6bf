"""The command `unrolled`."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import TaskID

from unrolled import __version__
from unrolled.errors import BookError
from unrolled.manifest import read_book


class Commands(click.Group):
    """Show a BookError as one line; exit codes 0 ok, 1 checks failed, 2 usage or environment."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except BookError as error:
            click.echo(f"unrolled: {error}", err=True)
            ctx.exit(2)
        except OSError as error:  # a full disk, a folder that may not be written
            place = f": {error.filename}" if error.filename else ""
            click.echo(f"unrolled: {error.strerror or error}{place}", err=True)
            ctx.exit(2)
        except KeyboardInterrupt:
            click.echo("unrolled: interrupted; finished work is kept", err=True)
            ctx.exit(130)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """Recurrent networks, learned by fixing them."""


@main.command()
@click.argument("notebooks", nargs=-1)
def build(notebooks: tuple[str, ...]) -> None:
    """Execute the chapters with the reference answers and render the book.

    NOTEBOOKS (01, 03a) limits what is executed; the default is all. What has not changed is not
    executed again.
    """
    from unrolled.site import build as build_book

    book = read_book()
    with _progress("cells") as show:
        cells, page = build_book(book, book.select(notebooks), show)
    click.echo(f"{cells} cells executed · {page.relative_to(book.root)}")


@main.command()
@click.argument("notebooks", nargs=-1)
@click.option(
    "--scale", type=click.Choice(["default", "full"]), default="default", show_default=True
)
@click.option("--jobs", default=2, show_default=True, help="Processes that measure side by side.")
def results(notebooks: tuple[str, ...], scale: str, jobs: int) -> None:
    """Measure the tables of data/results/, all or those of some NOTEBOOKS (01, 03a).

    What is up to date is kept; an interrupted call goes on where it stopped.
    """
    from unrolled.results import measure

    for notebook in read_book().select(notebooks):
        with _progress("runs") as show:
            runs = measure(notebook, show, scale, jobs)
        click.echo(f"{runs} runs · {notebook.results.relative_to(notebook.root)}")


@main.command()
@click.argument("notebooks", nargs=-1)
def verify(notebooks: tuple[str, ...]) -> None:
    """Prove the book: stubs fail, solutions pass, wrong answers are rejected, numbers are printed.

    The author's gate; NOTEBOOKS (01, 03a) limits it. Exit code 1 if anything is amiss.
    """
    from unrolled.verify import verify_book

    book, problems = read_book(), 0
    console = Console(stderr=True)
    with console.status("…") as status:
        reports = verify_book(book, book.select(notebooks), status.update)
    for report in reports:
        for title, figure in report.figures.items():
            click.echo(f"{report.key}  {title}: {figure}")
        for problem in report.problems:
            click.echo(f"{report.key}  {problem}", err=True)
        problems += len(report.problems)
    click.echo(f"{problems} problems" if problems else "the book holds")
    sys.exit(1 if problems else 0)


@main.command()
@click.argument("notebooks", nargs=-1)
def reference(notebooks: tuple[str, ...]) -> None:
    """Write tests/nbval/: the solved notebooks with the outputs of their checked cells."""
    from unrolled.reference import write_reference

    book = read_book()
    with _progress("cells") as show:
        for path in write_reference(book, book.select(notebooks), show):
            click.echo(path.relative_to(book.root))


@main.command()
def readme() -> None:
    """Write README's table of chapters and its figure."""
    from unrolled.readme import write_readme

    book = read_book()
    for path in write_readme(book):
        click.echo(path.relative_to(book.root))


@main.command()
@click.argument("notebooks", nargs=-1)
def start(notebooks: tuple[str, ...]) -> None:
    """Copy the chapters into work/, as .py and .ipynb, for you to fill in.

    NOTEBOOKS (1, 03a) limits it. A file that is there is never overwritten.
    """
    from unrolled.work import start as start_work

    book = read_book()
    for line in start_work(book, book.select(notebooks)):
        click.echo(line)


@main.command()
@click.argument("exercises", nargs=-1)
@click.option("--chapter", "chapters", multiple=True, help="Only this chapter (1, 03a).")
@click.option("--seed", type=int, help="Repeat a run with this seed.")
@click.option("--answers", default="work", show_default=True, help="The folder to check.")
def check(
    exercises: tuple[str, ...], chapters: tuple[str, ...], seed: int | None, answers: str
) -> None:
    """Run the checks on your answers, all or those to some EXERCISES.

    Exit code 0 when every check passes, 1 when one does not.
    """
    from unrolled.work import check as check_work

    book = read_book()
    sys.exit(check_work(book, book.select(chapters), exercises, answers, seed))


@contextmanager
def _progress(unit: str) -> Iterator[Callable[[str, int, int], None]]:
    """Show a bar for each title on a terminal; print nothing elsewhere."""
    from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        "{task.description}",
        MofNCompleteColumn(),
        unit,
        TimeElapsedColumn(),
    )
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=Console(stderr=True)) as bar:

        def show(title: str, done: int, total: int) -> None:
            if title not in tasks:
                tasks[title] = bar.add_task(title)
            bar.update(tasks[title], completed=done, total=total)

        yield show


if __name__ == "__main__":
    sys.exit(main())
