"""A real browser for the page: Debian's Chromium, headless, by Playwright, without a network.

Starts what the machine has and fetches nothing. Playwright's synchronous API runs a loop of its own
in this thread: no test that uses it may be a coroutine, and it must be closed before one runs.
"""

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
LACKING = (
    "needs a real browser: no Chromium is on the PATH (Debian: apt-get install chromium), "
    "and MOTORPOOL_TEST_CHROMIUM names none"
)


def executable() -> str | None:
    """Return the path of a Chromium, None without one."""
    named = os.environ.get("MOTORPOOL_TEST_CHROMIUM")
    return named or next((path for name in NAMES if (path := shutil.which(name))), None)


def required() -> str:
    """Return the path of a Chromium. Without one the test is skipped; in CI (CI=true) it fails."""
    path = executable()
    if path is not None:
        return path
    if os.environ.get("CI") == "true":
        pytest.fail(f"{LACKING}; CI requires one")
    pytest.skip(LACKING)


@contextlib.contextmanager
def running(path: str) -> Iterator[Browser]:
    """Run a browser."""
    # Chromium's sandbox refuses to run as root.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Seen:
    """A page that is open, and what it did: words on the console, errors, requests."""

    page: Page
    console: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@contextlib.contextmanager
def opened(
    browser: Browser,
    file: Path,
    *,
    width: int = 1280,
    scheme: Literal["light", "dark"] = "light",
) -> Iterator[Seen]:
    """Open a file in a window of this width, with the network off."""
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, offline=True
    )
    try:
        seen = Seen(context.new_page())

        def on_console(message: ConsoleMessage) -> None:
            seen.console.append(message.text)

        def on_error(error: object) -> None:
            seen.errors.append(str(error))

        def on_request(request: Request) -> None:
            seen.requests.append(request.url)

        seen.page.on("console", on_console)
        seen.page.on("pageerror", on_error)
        seen.page.on("request", on_request)
        seen.page.goto(file.as_uri())
        yield seen
    finally:
        context.close()
