"""A real Chromium, driven from outside: phone and desk, with scripts and without."""

import os
import shutil
import subprocess
import sys
from urllib.parse import urlsplit

import pytest

SIZES = {"phone": {"width": 360, "height": 780}, "desk": {"width": 1280, "height": 800}}
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def chromium_path() -> str | None:
    """A Chromium of the machine that really starts, or None for the one that Playwright brought."""
    names = (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome")
    return next((path for path in map(shutil.which, filter(None, names)) if path and _runs(path, "--version")), None)


def _runs(*command) -> bool:
    """Whether the command ends well; what it says is shown only when it does not."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{' '.join(command)}: {(done.stderr or done.stdout).strip()[-300:]}", file=sys.stderr)
    return done.returncode == 0


@pytest.fixture(scope="session")
def chromium():
    """The browser itself, started once. A machine without one skips; with CI set that is a failure."""
    from playwright.sync_api import Error, expect, sync_playwright

    expect.set_options(timeout=15_000)
    with sync_playwright() as playwright:
        try:
            found = playwright.chromium.launch(executable_path=chromium_path(), args=list(QUIET))
        except Error as error:
            pytest.skip(f"no Chromium here: {str(error).splitlines()[0]}")
        yield found
        found.close()


class Browser:
    """Opens windows on the shop; what went wrong inside them is collected in `problems`."""

    def __init__(self, chromium, url):
        self.chromium, self.url = chromium, url
        self.contexts, self.problems = [], []

    def window(self, size: str = "desk", scripts: bool = True, **options):
        """A new window of a new person: a Playwright page whose addresses are the shop's."""
        context = self.chromium.new_context(
            viewport=SIZES[size], java_script_enabled=scripts, base_url=self.url, locale="en-GB", **options
        )
        context.set_default_timeout(15_000)
        self.contexts.append(context)
        return self.tab(context)

    def tab(self, context):
        """One more tab of the same person."""
        page = context.new_page()
        page.on("pageerror", lambda error: self.problems.append(f"script: {error}"))
        page.on("console", self._listen)
        page.on("request", self._follow)
        return page

    def _follow(self, request):
        if urlsplit(request.url).scheme.startswith("http") and not request.url.startswith(f"{self.url}/"):
            self.problems.append(f"asked elsewhere: {request.url}")

    def _listen(self, message):
        if message.type == "error" and "status of 4" not in message.text and "status of 503" not in message.text:
            self.problems.append(f"console: {message.text}")

    def close(self):
        """Close every window."""
        for context in self.contexts:
            context.close()


@pytest.fixture
def browser(chromium, shop, play):
    """Windows on the shop. Fails the test if a page raised a script error or broke its own policy."""
    browser = Browser(chromium, shop.url)
    yield browser
    browser.close()
    assert not browser.problems


def _starts() -> bool:
    from playwright.sync_api import Error, sync_playwright

    with sync_playwright() as playwright:
        try:
            playwright.chromium.launch(executable_path=chromium_path(), args=list(QUIET)).close()
        except Error:
            return False
    return True


def _install() -> bool:
    """Get a Chromium from the machine's own packages, or else from Playwright."""
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if shutil.which("apt-get") and (not sudo or shutil.which("sudo")):
        print("Installing Chromium for the browser tests …", file=sys.stderr)
        _runs(*sudo, "apt-get", "update", "-qq")
        if _runs(*sudo, "apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium") and _starts():
            return True
    return _runs(sys.executable, "-m", "playwright", "install", "chromium") and _starts()


if __name__ == "__main__" and not _starts() and not _install():
    print("There is no Chromium, and none could be installed: set CHROMIUM to the path of one.", file=sys.stderr)
    sys.exit(1 if os.environ.get("CI") else 0)  # elsewhere the browser tests are skipped, and the last lines say so
