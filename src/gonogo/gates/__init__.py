"""One pure function for each kind of gate, the table of them, and the decision.

`evaluate` applies a plan's rules to a dossier at one moment; `decide` turns the results into GO, HOLD
or NO_GO. Neither reads anything: what is not in the dossier is MISSING.
"""
