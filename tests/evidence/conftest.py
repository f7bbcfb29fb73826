"""Whatever a test makes a reader say, is also said to whoever reads another language."""

from collections.abc import Iterator

import pytest
from tests.language.recorded import OTHERS

from gonogo.domain.errors import InvalidInput
from gonogo.evidence.migrations.tables import Finding
from gonogo.language.phrases import say

_ANYTHING_GOES = "hypothesis"
"""Names and texts that nobody writes may look like clauses; they are shown as they were written."""
_SPEAK_TO_COMMANDS = ("test_access_log", "test_counts_csv")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Hold every refusal and every danger that the test met against the forms."""
    told: dict[str, None] = {}
    refused, found = InvalidInput.__init__, Finding.__init__

    def refuse(self: InvalidInput, message: str, *, hint: str | None = None) -> None:
        told[message] = None
        refused(self, message, hint=hint)

    def find(self: Finding, hazard: object, what: str, advice: str) -> None:
        told.update(dict.fromkeys((f"{what}: {advice}", advice)))
        found(self, hazard, what, advice)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(InvalidInput, "__init__", refuse)
        patch.setattr(Finding, "__init__", find)
        yield
    if item.get_closest_marker(_ANYTHING_GOES) or item.path.stem in _SPEAK_TO_COMMANDS:
        return
    missing = [each for each in told if not say(each, OTHERS[0]).translated]
    assert missing == []
