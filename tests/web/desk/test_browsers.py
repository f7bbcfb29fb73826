"""What people call the browser that a session is of."""

import pytest

from gonogo.web.desk.browsers import browser_name

OF_ALL = "Mozilla/5.0 ({}) AppleWebKit/537.36 (KHTML, like Gecko) {}"


@pytest.mark.parametrize(
    ("agent", "names"),
    [
        (OF_ALL.format("X11; Linux x86_64", "Chrome/130.0 Safari/537.36"), ("Chrome", "Linux")),
        (OF_ALL.format("Linux; Android 14", "Chrome/130.0 Mobile"), ("Chrome", "Android")),
        (OF_ALL.format("Windows NT 10.0", "Chrome/130 Safari/5 Edg/130"), ("Edge", "Windows")),
        (OF_ALL.format("iPhone; like Mac OS X", "Version/18 Safari/604"), ("Safari", "iPhone")),
        ("python-httpx2/2.16.2", ("python-httpx2/2.16.2", "")),
        ("", ("?", "")),
        ("x" * 500, ("x" * 40, "")),
    ],
)
def test_a_session_is_told_by_its_browser_and_system(agent: str, names: tuple[str, str]):
    assert browser_name(agent) == names
