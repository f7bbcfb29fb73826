"""How many more canary requests an answer is expected to take, if things stay as they are."""

import math

FARTHEST = 1e9  # beyond this many requests "never" is the honest word


def requests_for(missing: float, information: float) -> int | None:
    """Requests until `missing` (nats) is earned at `information` nats per request."""
    if missing <= 0:
        return 0
    if information <= 0 or missing / information > FARTHEST:
        return None
    return math.ceil(missing / information)


def divergence(share: float, other: float) -> float:
    """Bernoulli Kullback-Leibler divergence in nats; both strictly between 0 and 1."""
    return share * math.log(share / other) + (1 - share) * math.log((1 - share) / (1 - other))


def relative_information(canary: float, baseline: float, share: float, tolerance: float) -> float:
    """Nats per canary request for telling the ratio of two bad shares from `tolerance`.

    `share` is the canary's share of requests. Counts bad events only, as the binomial form does.
    """
    per_request = canary + baseline * (1 - share) / share
    found = canary / per_request
    expected = share * tolerance / (1 - share + share * tolerance)
    return per_request * divergence(found, expected) if 0 < found < 1 else 0.0
