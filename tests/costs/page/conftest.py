"""The browser of the page's tests: one for a module, closed before the next one runs."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.costs.page.browser import required, running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running(required()) as started:
        yield started
