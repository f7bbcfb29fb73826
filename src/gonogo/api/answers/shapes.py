"""What all answers have in common: what an answer, a page of a list, a problem and an instant are."""

from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

Item = TypeVar("Item")


Instant = Annotated[
    str,
    Field(json_schema_extra={"format": "date-time"}, examples=["2026-03-01T12:00:00+00:00"]),
]


class Answer(BaseModel):
    """A JSON object that may hold more than is described."""

    model_config = ConfigDict(extra="allow")


class PageOf(Answer, Generic[Item]):
    """Some of a list. `next` is the cursor of the next page; null on the last one."""

    items: list[Item]
    next: str | None = Field(examples=["WyI5ZjFhIiwiYTFiMmMzIl0"])


class Problem(BaseModel):
    """An RFC 9457 problem. `title` and `detail` are one sentence; `hint` is what to do about it."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:gonogo:problem:not-found",
                    "title": 'no release "v9" is known',
                    "status": 404,
                    "detail": 'no release "v9" is known',
                    "hint": "run `gonogo status` to see them",
                    "instance": "urn:gonogo:request:6f1c1d0e6f4b4b0a8f0a4f8a5b7f2c11",
                }
            ]
        },
    )

    type: str
    title: str
    status: int
    detail: str
    hint: str | None = None
    instance: str | None = None
