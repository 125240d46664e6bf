"""Chromium, and a server for the pages: what looks at the rendered book goes through here.

The browser is the system's own; nothing is downloaded. Its path is found on PATH, or stands in
UNROLLED_CHROMIUM.
"""

import gzip
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, ConsoleMessage, Error, Page, ViewportSize, sync_playwright

from unrolled.errors import BookError
from unrolled.manifest import Book

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")
WAIT = 30_000  # milliseconds
PHONE = 600  # pixels of width at most

# Kept by every page from its first moment on: how much of it moved, by the browser's own measure.
SHIFTS = """window.shifts = 0;
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) if (!one.hadRecentInput) window.shifts += one.value;
}).observe({type: "layout-shift", buffered: true});"""


def chromium() -> str | None:
    """Return the path of the system's Chromium or Chrome, or None."""
    return os.environ.get("UNROLLED_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def browser() -> Iterator[Browser]:
    """Run the system's Chromium, without a window; BookError where there is none."""
    program = chromium()
    if program is None:
        raise BookError("no browser: install chromium, or set UNROLLED_CHROMIUM to its path")
    with sync_playwright() as playwright:
        try:
            found = playwright.chromium.launch(executable_path=program, chromium_sandbox=False)
        except Error as error:
            lines = error.message.splitlines()
            raise BookError(f"{program} does not start as a browser: {lines[0]}") from error
        yield found
        found.close()


class Tab:
    """A tab with an empty cache, what its pages asked for, and what they complained about.

    On a phone's width a finger points, on a wider one a mouse.
    """

    def __init__(self, browser: Browser, width: int = 1280, theme: Theme = "light") -> None:
        size = ViewportSize(width=width, height=800)
        self._context = browser.new_context(
            viewport=size, color_scheme=theme, has_touch=width <= PHONE
        )
        self._context.add_init_script(SHIFTS)
        self._context.set_default_timeout(WAIT)
        self.page: Page = self._context.new_page()
        self.requests: list[str] = []
        self.errors: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.errors.append(error.message))
        self.page.on("console", self._note)

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.errors.append(f"{message.text} {message.location.get('url', '')}".strip())

    def close(self) -> None:
        """Forget the tab, with its cache and storage."""
        self._context.close()

    def visit(self, address: str, theme: Theme = "light", width: int = 1280) -> None:
        """Show a page in one theme and width until it has settled."""
        self.page.set_viewport_size(ViewportSize(width=width, height=800))
        self.page.emulate_media(color_scheme=theme)
        self.page.goto(address, wait_until="load")
        self.until(f'document.documentElement.dataset.theme === "{theme}"')
        self.value("document.fonts.ready.then(() => true)")

    def scroll_through(self) -> None:
        """Read the page to its end and come back, so that whatever loads late is there."""
        self.value(
            """(async () => {
              const all = document.scrollingElement;
              for (let y = 0; y < all.scrollHeight; y += 700) {
                window.scrollTo({top: y, behavior: "instant"});
                await new Promise((done) => setTimeout(done, 15));
              }
              await Promise.all([...document.images].map((one) => one.decode().catch(() => 0)));
              window.scrollTo({top: 0, behavior: "instant"});
            })()"""
        )

    def value(self, expression: str) -> Any:
        """Evaluate JavaScript in the page; a promise is waited for."""
        return self.page.evaluate(expression)

    def until(self, expression: str) -> None:
        """Wait until an expression is true."""
        self.page.wait_for_function(expression)


class _Files(SimpleHTTPRequestHandler):
    """A folder's files, text compressed, connections kept: as a page's usual hosts send them."""

    protocol_version = "HTTP/1.1"
    extensions_map: dict[str, str] = {  # noqa: RUF012
        **SimpleHTTPRequestHandler.extensions_map,
        ".js": "text/javascript",
        ".woff": "font/woff",
        ".woff2": "font/woff2",
    }

    def do_GET(self) -> None:
        """Send a file."""
        path = Path(self.translate_path(self.path))
        if path.is_dir():
            path /= "index.html"
        try:
            body = path.read_bytes()
        except OSError:
            self.send_error(404)
            return
        kind = self.guess_type(path)
        self.send_response(200)
        if kind.startswith("text/") or kind.endswith(("json", "xml")):
            body = gzip.compress(body, 6, mtime=0)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Type", f"{kind}; charset=utf-8" if "text" in kind else kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "max-age=600")
        self.end_headers()
        with suppress(ConnectionError):  # the page was left before it was there
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def rendered(book: Book) -> Path:
    """Return the folder of the book's pages; BookError where there are none."""
    folder = book.root / "build" / "html"
    if not (folder / "index.html").is_file():
        raise BookError("build/html has no pages; run: make book")
    return folder


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Serve a folder on this machine's loopback; the value is the address, without a slash."""
    handler = partial(_Files, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
