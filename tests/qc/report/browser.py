"""A headless Chromium that looks at one file and tells what happened."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field

import pytest

OPTIONS = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]


@dataclass
class Seen:
    """What a page does when it is opened: its cells with values, plots and canvases in space, complaints and requests."""

    values: dict[str, list[str]] = field(default_factory=dict)
    plots: int = 0
    spaces: int = 0
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


def look_at(page_file, spaces):
    """Open a file until all its plots are there, so many of them in space. Skips aloud where there is no browser."""
    sync_api = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("no chromium here: the page is not looked at (Debian: apt-get install chromium)")
    seen = Seen()
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=OPTIONS)
        page = browser.new_page()
        page.set_default_timeout(240_000)
        page.on("console", lambda m: seen.complaints.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: seen.complaints.append(str(error)))
        page.on("dialog", lambda dialog: (seen.complaints.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: seen.requests.append(request.url))
        page.goto(page_file.resolve().as_uri())
        count = "document.querySelectorAll('.plot').length === document.querySelectorAll('.js-plotly-plot').length"
        page.wait_for_function(f"{count} && document.querySelectorAll('.gl-container canvas').length >= {spaces}")
        cells = page.locator("[data-key]").all()
        seen.values = {c.get_attribute("data-key"): [c.get_attribute("data-value"), c.inner_text()] for c in cells}
        seen.plots = page.locator(".js-plotly-plot").count()
        seen.spaces = page.locator(".gl-container canvas").count()
        browser.close()
    return seen
