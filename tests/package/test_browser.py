"""The rendered book in a browser: no other host, no error, no sideways scrolling, readable text.

Chromium is driven through a pipe in its own protocol (Chrome DevTools), which needs no package.
Its path is found on PATH, or stands in UNROLLED_CHROMIUM; without one these tests are skipped.
"""

import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.package.conftest import write_book
from unrolled.manifest import read_book
from unrolled.site import build

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync "
    "--disable-background-networking --disable-component-update --remote-debugging-pipe"
).split()
WAIT = 30.0  # seconds

# The browser reads at descriptor 3 and writes at 4; first out of the way of each other.
LAUNCH = """
import fcntl, os, sys
ends = [fcntl.fcntl(int(end), fcntl.F_DUPFD, 10) for end in sys.argv[1:3]]
for number, end in enumerate(ends, start=3):
    os.dup2(end, number)
os.execv(sys.argv[3], sys.argv[3:])
"""

EXTRA = """
# %%
print("a long line of output " * 20)

# %%
check("{name}")

# %% alt="A straight line."
import matplotlib.pyplot as plt

_, ax = plt.subplots()
ax.plot([1, 2])
plt.show()

# %% [markdown]
# An equation, $c_t = f c_{{t-1}}$.
"""

# The lowest contrast of any text, by WCAG's formula, with the text that has it.
CONTRAST = """(() => {
  const ink = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const rgb = (color) => {
    ink.clearRect(0, 0, 1, 1); ink.fillStyle = color; ink.fillRect(0, 0, 1, 1);
    return [...ink.getImageData(0, 0, 1, 1).data].map((v) => v / 255);
  };
  const linear = (v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const over = (a, b) => [0, 1, 2].map((i) => a[i] * a[3] + b[i] * (1 - a[3]));
  const paper = (e) => (e ? over(rgb(getComputedStyle(e).backgroundColor), paper(e.parentElement))
                          : [1, 1, 1]);
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let worst = [21, ""];
  while (texts.nextNode()) {
    const e = texts.currentNode.parentElement, text = texts.currentNode.data.trim();
    if (!text || !e.checkVisibility({visibilityProperty: true})) continue;
    if (e.closest("script, style, mjx-container") || e.offsetWidth < 2) continue;
    const back = paper(e), a = light(over(rgb(getComputedStyle(e).color), back)), b = light(back);
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < worst[0]) worst = [ratio, text];
  }
  return worst;
})()"""


class Browser:
    """One headless Chromium and one tab; what its pages asked for and complained about."""

    def __init__(self, program: str, profile: Path) -> None:
        inbox, self._out = os.pipe()
        self._in, outbox = os.pipe()
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-c", LAUNCH, str(inbox), str(outbox)),
                *(program, *FLAGS, f"--user-data-dir={profile}"),
            ],
            pass_fds=(inbox, outbox),
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        os.close(inbox)
        os.close(outbox)
        self._rest, self._number, self._session = b"", 0, ""
        self.requests: list[str] = []
        self.errors: list[str] = []
        self._loaded = False
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def close(self) -> None:
        """End the browser."""
        self._process.terminate()
        self._process.wait(WAIT)
        os.close(self._in)
        os.close(self._out)

    def call(self, method: str, **params: object) -> dict[str, Any]:
        """Send one command, return its result."""
        self._number += 1
        message: dict[str, object] = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]

    def _receive(self) -> dict[str, Any]:
        end = time.monotonic() + WAIT
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._in], [], [], max(0.0, end - time.monotonic()))
            read = os.read(self._in, 1 << 20) if ready else b""
            assert read, "the browser does not answer"
            self._rest += read
        line, self._rest = self._rest.split(b"\0", 1)
        message = json.loads(line)
        self._note(message.get("method", ""), message.get("params", {}))
        return message

    def _note(self, method: str, params: dict[str, Any]) -> None:
        if method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.errors.append(str(params["exceptionDetails"])[:400])
        elif method == "Runtime.consoleAPICalled" and params["type"] == "error":
            self.errors.append(str(params["args"])[:400])
        elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.errors.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")
        elif method == "Page.loadEventFired":
            self._loaded = True

    def visit(self, page: Path, theme: str, width: int, query: str = "") -> None:
        """Show a page as a file, in one theme and width, until it has settled."""
        size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", **size)
        self._loaded = False
        media = [{"name": "prefers-color-scheme", "value": theme}]
        self.call("Emulation.setEmulatedMedia", features=media)
        self.call("Page.navigate", url=page.as_uri() + query)
        while not self._loaded:
            self._receive()
        self.until(f'document.documentElement.dataset.theme === "{theme}"')
        self.until("document.querySelectorAll('.math:not(:has(mjx-container))').length === 0")

    def value(self, expression: str) -> Any:
        """Evaluate JavaScript in the page."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def until(self, expression: str) -> None:
        """Wait until an expression is true."""
        end = time.monotonic() + WAIT
        while not self.value(expression):
            assert time.monotonic() < end, f"never true: {expression}"
            time.sleep(0.05)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Chromium, with a profile of its own."""
    program = os.environ.get("UNROLLED_CHROMIUM") or next(
        filter(None, map(shutil.which, NAMES)), ""
    )
    if not program:
        pytest.skip("NO BROWSER: install chromium, or set UNROLLED_CHROMIUM, to test the pages")
    browser = Browser(program, tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny book, with a table of checks, a long output, a figure and an equation, as pages."""
    root = tmp_path_factory.mktemp("rendered")
    write_book(root)
    source = root / "chapters" / "01_twice.py"
    text = source.read_text(encoding="utf-8")
    text = text.replace("import math", "import math\n\nfrom unrolled import check")
    source.write_text(text + EXTRA.format(name="twice"), encoding="utf-8")
    book = read_book(root)
    build(book, book.notebooks, lambda *_: None)
    return root / "build" / "html"


def test_pages_hold_their_width_and_contrast_and_fetch_nothing(
    browser: Browser, rendered: Path
) -> None:
    browser.requests.clear()
    browser.errors.clear()
    pages = sorted(rendered.glob("*.html"))
    assert len(pages) >= 5
    for page in pages:
        for theme in ("light", "dark"):
            for width in (390, 1280):
                browser.visit(page, theme, width)
                where = f"{page.name}, {theme}, {width} px"
                excess = "document.scrollingElement.scrollWidth - innerWidth"
                assert browser.value(excess) <= 0, f"{where}: scrolls sideways"
                ratio, text = browser.value(CONTRAST)
                assert ratio >= 4.5, f"{where}: contrast {ratio:.2f} of {text!r}"
    assert browser.errors == []
    assert len(browser.requests) > len(pages)
    assert {urlsplit(one).scheme for one in browser.requests} <= {"file", "data"}


def test_a_solution_opens_with_the_keyboard(browser: Browser, rendered: Path) -> None:
    browser.visit(rendered / "01_twice.html", "light", 1280)
    inside = "document.querySelector('.solution .cell')"
    browser.until("document.querySelector('.solution button.toggle-button') !== null")
    assert not browser.value(f"{inside}.checkVisibility({{visibilityProperty: true}})")
    browser.value("document.querySelector('.solution button.toggle-button').focus()")
    for kind in ("keyDown", "keyUp"):
        key = {"type": kind, "key": "Enter", "code": "Enter", "text": "\r"}
        browser.call("Input.dispatchKeyEvent", windowsVirtualKeyCode=13, **key)
    browser.until(f"{inside}.checkVisibility({{visibilityProperty: true}})")


def test_a_long_output_scrolls_within_itself_and_math_is_set(
    browser: Browser, rendered: Path
) -> None:
    browser.visit(rendered / "01_twice.html", "light", 390)
    long = (
        "[...document.querySelectorAll('.cell_output pre')].some(e => e.scrollWidth > innerWidth)"
    )
    assert browser.value(long)
    assert browser.value("document.querySelectorAll('mjx-container').length") == 1


def test_the_search_works_from_files(browser: Browser, rendered: Path) -> None:
    browser.errors.clear()
    browser.visit(rendered / "search.html", "light", 1280, "?q=equation")
    browser.until("document.querySelectorAll('#search-results li').length > 0")
    assert browser.errors == []
