"""Lists, page by page. A cursor says where the next page begins, in a form that only the desk reads.

It is bound to its list and filters: one of another list, or with other filters, is refused rather than
answered with a page that fits neither.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as BinasciiError
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Query, Request, Response

from gonogo.domain.errors import InvalidInput

MOST = 1000

Limit = Annotated[int, Query(ge=1, le=MOST, description="How many are told at most.")]
Cursor = Annotated[
    str | None,
    Query(max_length=1000, description="`next` of the page before; without it the first page."),
]


@dataclass(frozen=True, slots=True)
class Listing:
    """One list as one request asks for it: its name, and what is asked of it besides a place."""

    name: str
    filters: Mapping[str, Any]

    def after(self, cursor: str | None) -> str | None:
        """After what the page begins. Raises InvalidInput for a cursor that is not of this list."""
        if cursor is None:
            return None
        try:
            padded = cursor + "=" * (-len(cursor) % 4)
            said = json.loads(urlsafe_b64decode(padded.encode("ascii")).decode())
            bound, place = said
        except (ValueError, TypeError, BinasciiError, RecursionError):
            bound, place = None, None
        if bound != self._bound() or not isinstance(place, str) or len(place) > 500:
            raise InvalidInput(
                "query.cursor: it is not a cursor of this list with these filters",
                hint="begin without a cursor, and go on with `next` of each page",
            )
        return place

    def number_after(self, cursor: str | None) -> int | None:
        """Like `after`, where the place is a number."""
        place = self.after(cursor)
        if place is None:
            return None
        if not place.isdecimal() or len(place) > 18:
            raise InvalidInput("query.cursor: it is not a cursor of this list with these filters")
        return int(place)

    def page(
        self,
        request: Request,
        response: Response,
        items: Sequence[Mapping[str, Any]],
        place: str | None,
    ) -> dict[str, Any]:
        """The answer, with a Link header to the next page where there is one."""
        cursor = None if place is None else self._cursor(place)
        if cursor is not None:
            kept = [(k, v) for k, v in request.query_params.multi_items() if k != "cursor"]
            query = urlencode([*kept, ("cursor", cursor)])
            response.headers["Link"] = f'<{request.url.path}?{query}>; rel="next"'
        return {"items": list(items), "next": cursor}

    def _cursor(self, place: str) -> str:
        said = json.dumps([self._bound(), place], separators=(",", ":"))
        return urlsafe_b64encode(said.encode()).decode().rstrip("=")

    def _bound(self) -> str:
        about = json.dumps([self.name, self.filters], sort_keys=True, default=str)
        return sha256(about.encode()).hexdigest()[:16]
