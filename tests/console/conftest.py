import os
import shutil
from collections.abc import Iterator

import pytest
from console_fake import FakeDesk, load_plant
from console_server import serving
from console_visit import Visit, profile
from playwright.sync_api import Browser, BrowserContext
from screenshots import browser


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if shutil.which("chromium") is None and shutil.which("chromium-browser") is None and not os.environ.get("CI"):
        pytest.skip("chromium is not installed; on Debian: apt-get install chromium")
    with browser() as running:
        yield running


@pytest.fixture(scope="module")
def desk() -> FakeDesk:
    return FakeDesk(load_plant(hostile=True))


@pytest.fixture(scope="module")
def address(desk: FakeDesk) -> Iterator[str]:
    with serving(desk) as url:
        yield url


@pytest.fixture
def visit(chromium: Browser, address: str) -> Iterator[Visit]:
    """Somebody new."""
    context = profile(chromium)
    yield Visit(context, address)
    context.close()


def _signed_in(chromium: Browser, address: str, token: str) -> BrowserContext:
    context = profile(chromium)
    first = Visit(context, address)
    first.sign_in(token)
    first.page.close()
    return context


@pytest.fixture(scope="module")
def operators_profile(chromium: Browser, address: str) -> BrowserContext:
    return _signed_in(chromium, address, "operator-token")


@pytest.fixture
def operator(operators_profile: BrowserContext, address: str) -> Iterator[Visit]:
    visiting = Visit(operators_profile, address)
    yield visiting
    visiting.page.close()


@pytest.fixture
def regulator(visit: Visit) -> Visit:
    visit.sign_in("regulator-token")
    return visit
