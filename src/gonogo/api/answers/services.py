"""What is answered of services: what runs of them, their specs, and what their rollouts will see."""

from pydantic import Field

from gonogo.api.answers.releases import ReleaseAnswer
from gonogo.api.answers.shapes import Answer, Instant


class SlotAnswer(Answer):
    """One running version."""

    slot: str
    role: str = Field(examples=["baseline"])
    version: str | None
    address: str | None
    share: float
    adopted: bool = Field(description="It ran before: gonogo neither starts nor stops it.")


class EnvironmentAnswer(Answer):
    """What runs in one environment."""

    environment: str
    url: str
    slots: list[SlotAnswer]


class ServiceAnswer(Answer):
    """A registered service; `digest` is that of its spec."""

    service: str
    repository: str
    digest: str
    registered_by: str
    registered_at: Instant
    environments: list[EnvironmentAnswer]
    under_way: list[ReleaseAnswer]


class EntranceAnswer(Answer):
    """An adopted version and how customers come in: `role` is null when it was let go, `routed` says
    that the router runs and sends customers where they belong, `requests` counts those that came
    through its process `router`, `open` those that are not answered yet."""

    release: str
    service: str
    environment: str
    version: str
    commit: str
    address: str
    adopted_by: str
    adopted_at: Instant
    url: str
    role: str | None
    share: float
    routed: bool
    router: int | None
    requests: int
    open: int


class UnadoptedAnswer(Answer):
    """What is no longer adopted, and where it goes on."""

    service: str
    environment: str
    left_running: list[str]


class SpecAnswer(Answer):
    """The registered spec as it was sent."""

    service: str
    digest: str
    spec: str


class UrlAnswer(Answer):
    """Where an environment answers."""

    environment: str
    url: str


class RegisteredAnswer(Answer):
    """What registering did."""

    service: str
    digest: str
    changed: bool
    known_before: bool
    environments: list[UrlAnswer]


class DifferenceAnswer(Answer):
    """How a spec differs from the registered one, whose digest is `replaces`."""

    service: str
    replaces: str | None
    lines: list[str]


class TrafficAnswer(Answer):
    """Requests a second, and the share of bad ones."""

    requests_per_second: float
    bad_share: float


class SeenAnswer(Answer):
    """When a regression of this size is stopped; null: never."""

    times: float
    bad_share: float | None
    canary_requests: float | None
    seconds: float | None


class SightAnswer(Answer):
    """What one KPI shows in one step."""

    kpi: str
    canary_requests_per_second: float
    seconds_to_minimum: float | None
    seen: list[SeenAnswer]
    seconds_to_prove: dict[str, float | None]


class OutlookStep(Answer):
    """One step of a rollout."""

    step: int
    share: float
    hold_seconds: float
    kpis: list[SightAnswer]


class OutlookAnswer(Answer):
    """What a rollout can and cannot see at its traffic."""

    service: str
    false_alarm: float
    traffic: dict[str, TrafficAnswer]
    steps: list[OutlookStep]
    advice: list[str]
