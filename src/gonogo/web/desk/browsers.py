"""Which browser on which system, as people call them, from what a browser says of itself.

It only helps people to tell their own sessions apart: nothing is decided by it.
"""

_BROWSERS = (
    # Each also names those that it descends from, so the most particular one comes first.
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("YaBrowser/", "Yandex Browser"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("HeadlessChrome/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
_LONGEST = 40


def browser_name(agent: str) -> tuple[str, str]:
    """The browser and the system; the system is empty where none is named, and what is no browser that
    we know is called by the first word of what it says."""
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    first = (agent.split() or ["?"])[0][:_LONGEST]
    return (browser, system) if browser else (first, "")
