"""Pictures of every page in three languages and two widths, into build/screenshots: `make screenshots`.

Somebody has to look at them: no test sees what is ugly. `--theme dark` makes those of the dark pages.
"""

import argparse
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright
from tests.browser.pages import Furnished, furnished
from tests.browser.team import chromium, launching

LANGUAGES = {"en": "en-GB", "fa": "fa-IR", "ru": "ru-RU"}
ZONES = {"en": "Europe/London", "fa": "Asia/Tehran", "ru": "Europe/Moscow"}
WIDTHS = (360, 1280)
_BROADER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


def main() -> None:
    """Make them, and name every page that is broader than its screen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("build/screenshots"))
    parser.add_argument("--theme", choices=("light", "dark"), default="light")
    parser.add_argument("--only", default="", help="pages whose name begins so")
    given = parser.parse_args()
    if chromium() is None:
        raise SystemExit(
            "there is no Chromium: none on the PATH, and PLAYWRIGHT_CHROMIUM is not set"
        )
    given.out.mkdir(parents=True, exist_ok=True)
    with furnished() as house, sync_playwright() as program:
        browser = program.chromium.launch(**launching())
        for language in LANGUAGES:
            for width in WIDTHS:
                for trouble in pictures(browser, house, language, width, given):
                    print(trouble)
        browser.close()
    print(f"{len(list(given.out.glob('*.png')))} pictures are in {given.out}")


def pictures(
    browser: Browser, house: Furnished, language: str, width: int, given: argparse.Namespace
) -> list[str]:
    """Make those of one language and width; what is wrong with them."""
    found = []
    contexts = {
        role: browser.new_context(
            viewport={"width": width, "height": 800},
            locale=LANGUAGES[language],
            timezone_id=ZONES[language],
            color_scheme=given.theme,
            base_url=house.team.address,
        )
        for role in ("devops", "qa", "admin", "")
    }
    for role, context in contexts.items():
        if role:
            context.add_cookies(house.team.sessions[role])
    pages = {role: context.new_page() for role, context in contexts.items()}
    who = {"sign-off": "qa", "people": "admin"}
    addresses = [(who.get(name, "devops"), name, path) for name, path in house.inside.items()]
    addresses += [("", name, path) for name, path in house.outside.items()]
    for role, name, path in addresses:
        if not name.startswith(given.only):
            continue
        page = pages[role]
        answer = page.goto(path)
        page.wait_for_load_state("networkidle")
        status = answer.status if answer else 0
        broader = page.evaluate(_BROADER)
        if broader > 0 or (status != 200 and name != "join-nothing"):
            found.append(f"{language} {width} {name}: status {status}, {broader} px too broad")
        suffix = "" if given.theme == "light" else "-dark"
        page.screenshot(path=given.out / f"{name}-{language}-{width}{suffix}.png", full_page=True)
    for context in contexts.values():
        context.close()
    return found


if __name__ == "__main__":
    main()
