"""Hints: three levels for each exercise, keyed by its id."""

from pathlib import Path

from markdown_it import MarkdownIt

from unrolled.errors import BookError

LEVELS = 3


def read_hints(path: Path) -> dict[str, list[str]]:
    """Read `## id` headings, each followed by an ordered list of hints in Markdown."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise BookError(f"{path} is missing: every notebook has hints") from error
    except UnicodeDecodeError as error:
        raise BookError(f"{path} is not UTF-8 text; save it as UTF-8") from error
    found: dict[str, list[str]] = {}
    current = ""
    tokens = MarkdownIt().parse("\n".join(lines))
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        if token.type == "heading_open" and token.tag == "h2" and following is not None:
            current = following.content.strip("`")
            found[current] = []
        elif token.type == "list_item_open" and token.level == 1 and current and token.map:
            text = "\n".join(lines[slice(*token.map)]).strip()
            found[current].append(text.partition(" ")[2])
    return found
