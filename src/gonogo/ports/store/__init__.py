"""What is remembered. Every write is one transaction with its audit entry and its messages.

`Store` is all of it; whoever needs less asks for the part that it needs. The parts, by concern:
`releases` (with leases and adoptions), `services` (with papers), `people` (with sign-in and sessions),
`overview`, `desks`, `audit`, `outbox`; the answers to requests are `gonogo.ports.answers`.
"""

from typing import Protocol

from gonogo.ports.answers import AnswerStore
from gonogo.ports.store.audit import AuditStore
from gonogo.ports.store.desks import DeskStore
from gonogo.ports.store.outbox import Delivery, Outbox
from gonogo.ports.store.overview import BoardStore, GlanceStore, ServiceState, UnderWay
from gonogo.ports.store.people import PeopleStore, SessionStore, SignInStore
from gonogo.ports.store.releases import AdoptionStore, Change, Lease, LeaseStore, ReleaseStore
from gonogo.ports.store.services import PaperStore, ServiceStore

__all__ = [
    "AdoptionStore",
    "AuditStore",
    "BoardStore",
    "Change",
    "Delivery",
    "DeskStore",
    "GlanceStore",
    "Lease",
    "LeaseStore",
    "Outbox",
    "PaperStore",
    "PeopleStore",
    "ReleaseStore",
    "ServiceState",
    "ServiceStore",
    "SessionStore",
    "SignInStore",
    "Store",
    "UnderWay",
]


class Store(
    ServiceStore,
    ReleaseStore,
    GlanceStore,
    AdoptionStore,
    BoardStore,
    PaperStore,
    PeopleStore,
    SignInStore,
    SessionStore,
    LeaseStore,
    DeskStore,
    AuditStore,
    Outbox,
    AnswerStore,
    Protocol,
):
    """All of it, as one database gives it."""
