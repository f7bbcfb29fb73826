"""The prior over when a fault begins.

A bet that runs from the first request goes deaf: every good request costs it, and a late fault must
earn all of that back. Here a bet begins again and again. One unit of stake is spent over all the
moments at which the fault may begin, so the sum stays an e-process, and since bets on the same
alternative grow alike, M ← (M + newly spent stake) · likelihood ratio keeps all of them in one number.

Most is spent at the first step's start, where most faults show; a part of what is left at the start
of each later step; the rest inside a step, evenly over the logarithm of the number of canary
requests seen in it, because nobody knows the scale on which a late fault comes.
"""

import math

FIRST = 0.8  # of the whole stake, at the start of the first step
LATER = 0.35  # of what is left, at the start of every later step
WITHIN = 0.8  # of what is left after that, spread over the step
SCALE = 300.0  # canary requests; starts this close together are hardly told apart
HORIZON = 1e8  # canary requests in one step after which no new start is bet on

_SPAN = math.log1p(HORIZON / SCALE)


def spent_by(requests: float) -> float:
    """The part of a step's stake (WITHIN of what is left) spent after this many canary requests."""
    return min(1.0, math.log1p(requests / SCALE) / _SPAN)
