"""One person at a browser."""

from playwright.sync_api import Browser, BrowserContext, Page, expect
from screenshots import SIZE

expect.set_options(timeout=15_000)


def profile(chromium: Browser) -> BrowserContext:
    """A fresh browser profile in English."""
    return chromium.new_context(viewport=SIZE, locale="en-US")


class Visit:
    """A page of a browser profile that notes every request, console error and page error."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.address = address
        self.requests: list[str] = []
        self.errors: list[str] = []
        self.page: Page = context.new_page()
        self.page.set_default_timeout(15_000)
        self.page.on("request", lambda r: self.requests.append(r.url))
        self.page.on("websocket", lambda w: self.requests.append(w.url))
        self.page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda e: self.errors.append(str(e)))

    def sign_in(self, token: str) -> None:
        """Paste a token into the sign-in page."""
        self.page.goto(f"{self.address}/login")
        self.page.get_by_label("Access token").fill(token)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(f"{self.address}/")

    def open(self, path: str, language: str = "en") -> Page:
        """Go to a page in a language and wait until it is live."""
        self.page.goto(f"{self.address}/language/{language}?to={path}")
        self.page.wait_for_function("document.querySelector('.pw-side .pw-live')?.textContent.length > 8")
        return self.page
