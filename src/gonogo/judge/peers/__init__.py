"""Other programs' rules, re-implemented from their documentation and source for side-by-side runs.

Nothing here decides about a release. Each rule is what its name says as far as counts per interval
can tell; what was simplified stands in its docstring.
"""

from gonogo.judge.peers.argo import ArgoRule
from gonogo.judge.peers.flagger import FlaggerRule
from gonogo.judge.peers.kayenta import KayentaRule
from gonogo.judge.peers.rule import Outcome, Pair, Progress, Rule, observed_shares
from gonogo.judge.peers.table import RULES, peer_rule

__all__ = [
    "RULES",
    "ArgoRule",
    "FlaggerRule",
    "KayentaRule",
    "Outcome",
    "Pair",
    "Progress",
    "Rule",
    "observed_shares",
    "peer_rule",
]
