"""What is filed about a version on its way to a decision: evidence, checklists, the handoff.

`versions` finds the version and gathers what was filed; `filing` is the one way in which a paper is
stored and told; `evidence` reads pushed reports and `evidence_words` says what they tell; `checklists`
are ticked; `handoff` gives a version over, from a draft that `handoff_draft` makes; `criteria` are the
rollback criteria that people sign; `moments` reads times as people write them. What people say to gates
by a paper (sign-offs, waivers) is in `gonogo.usecases.gates`.
"""
