"""The prior over when a fault begins.

A bet that runs from the first request goes deaf: every good request costs it, and a late fault must
earn all of that back. Here a bet begins again and again. One unit of stake is spent over all the
moments at which the fault may begin, so the sum stays an e-process, and since bets on the same
alternative grow alike, M ← (M + newly spent stake) · likelihood ratio keeps all of them in one number.

Most is spent at the first step's start, where most faults show; a part of what is left at the start
of each later step; the rest inside a step, with a density that falls by a power of the number of
canary requests seen in it. Nobody knows the scale on which a late fault comes: at this power a
start ten times later costs half a nat more for it, and something is left for every later request.
"""

FIRST = 0.8  # of the whole stake, at the start of the first step
LATER = 0.4  # of what is left, at the start of every later step
SCALE = 1000.0  # canary requests; up to here the rest is spent evenly
FADE = 0.2  # the power by which what is left falls from there on


def unspent_after(requests: float) -> float:
    """The part of a step's stake that is left after this many canary requests of the step."""
    return (1 + requests / SCALE) ** -FADE  # type: ignore[no-any-return]
