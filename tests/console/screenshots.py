"""Pictures of every page in both languages: ``python tests/console/screenshots.py`` writes docs/images.

``take_screenshots`` works on any running console.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PAGES = {
    "overview": "/",
    "trends": "/trends",
    "interlocks": "/interlocks",
    "alarms": "/alarms",
    "energy": "/energy",
    "data": "/data",
}
SIZE = {"width": 1440, "height": 900}


@contextmanager
def browser() -> Iterator[Browser]:
    """Headless Chromium of this machine.

    Raises:
        FileNotFoundError: there is none.
    """
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        raise FileNotFoundError("chromium is not installed; on Debian: apt-get install chromium")
    with sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield running
        finally:
            running.close()


def settled(page: Page) -> None:
    """Wait until the page has had its first live update: the clock in the header shows."""
    page.wait_for_function("document.querySelector('.pw-side .pw-live')?.textContent.length > 8")
    page.wait_for_function(
        "[...document.querySelectorAll('.nicegui-echart')].every(e => e.querySelector('canvas'))"
    )


def take_screenshots(base_url: str, login: str, out_dir: Path) -> list[Path]:
    """Every page in English (``overview.png``) and Chinese (``overview-zh.png``).

    Args:
        base_url: address of the console without a slash at its end.
        login: path that signs in, for example ``/login?code=…``.
        out_dir: folder for the pictures.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    written = []
    with browser() as running:
        page = running.new_context(viewport=SIZE, locale="en-US").new_page()
        page.goto(base_url + login)
        for language, suffix in (("en", ""), ("zh", "-zh")):
            for name, path in PAGES.items():
                page.goto(f"{base_url}/language/{language}?to={path}")
                settled(page)
                page.wait_for_timeout(1500)  # a picture, not a test: let charts draw
                written.append(out_dir / f"{name}{suffix}.png")
                page.screenshot(path=written[-1])
    return written


if __name__ == "__main__":
    from console_fake import FakeDesk, load_plant
    from console_server import CODE, serving

    with serving(FakeDesk(load_plant())) as url:
        for file in take_screenshots(url, f"/login?code={CODE}", Path(__file__).parents[2] / "docs" / "images"):
            print(file)  # noqa: T201 - a script
