"""The command `unrolled`."""

import sys

import click
from rich.console import Console

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
        except KeyboardInterrupt:
            click.echo("unrolled: interrupted; finished work is kept", err=True)
            ctx.exit(130)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """Recurrent networks, learned by fixing them."""


@main.command()
@click.argument("notebooks", nargs=-1)
@click.option("--scale", type=click.Choice(["default", "full"]), default="default", show_default=True)
@click.option("--jobs", default=2, show_default=True, help="Processes that measure side by side.")
def results(notebooks: tuple[str, ...], scale: str, jobs: int) -> None:
    """Measure the tables of data/results/, all or those of some NOTEBOOKS (01, 03a).

    What is up to date is kept; an interrupted call goes on where it stopped.
    """
    from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TimeElapsedColumn

    from unrolled.results import measure

    columns = (SpinnerColumn(), "{task.description}", MofNCompleteColumn(), TimeElapsedColumn())
    for notebook in read_book().select(notebooks):
        with Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task(notebook.key, total=None)

            def show(title: str, done: int, total: int) -> None:
                bar.update(task, description=title, completed=done, total=total)  # noqa: B023

            runs = measure(notebook, show, scale, jobs)
        click.echo(f"{runs} runs · {notebook.results.relative_to(notebook.root)}")


if __name__ == "__main__":
    sys.exit(main())
