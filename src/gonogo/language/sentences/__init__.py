"""Every form of a sentence that the desk writes down, by where it comes from."""

from gonogo.language.marks import form
from gonogo.language.matching import Forms
from gonogo.language.sentences.decisions import DECISIONS
from gonogo.language.sentences.drafts import DRAFTS
from gonogo.language.sentences.evidence_words import EVIDENCE
from gonogo.language.sentences.figures import FIGURES
from gonogo.language.sentences.fixes import FIXES
from gonogo.language.sentences.grounds import GROUNDS
from gonogo.language.sentences.hazards import ADVICE, CHANGES
from gonogo.language.sentences.health import HEALTH
from gonogo.language.sentences.judge import GAUGES, JUDGE, PAST
from gonogo.language.sentences.judge_more import LITERALS
from gonogo.language.sentences.messages import MESSAGES
from gonogo.language.sentences.people_gates import PEOPLE_GATES
from gonogo.language.sentences.prometheus import PROMETHEUS
from gonogo.language.sentences.refusals import REFUSALS
from gonogo.language.sentences.report_faults import OF_FORMATS, READING
from gonogo.language.sentences.report_gates import REPORT_GATES
from gonogo.language.sentences.report_refusals import REPORT_REFUSALS
from gonogo.language.sentences.stages import STAGES
from gonogo.language.sentences.timeline import TIMELINE
from gonogo.language.sentences.written_files import WRITTEN_FILES

__all__ = ["FORMS", "FORMS_WITHIN", "form"]

FORMS = Forms(
    (
        *REPORT_REFUSALS,
        *ADVICE,
        *JUDGE,
        *PAST,
        *GAUGES,
        *LITERALS,
        *REPORT_GATES,
        *PEOPLE_GATES,
        *FIXES,
        *DRAFTS,
        *FIGURES,
        *DECISIONS,
        *STAGES,
        *MESSAGES,
        *HEALTH,
        *GROUNDS,
        *PROMETHEUS,
        *EVIDENCE,
        *TIMELINE,
        *REFUSALS,
        *WRITTEN_FILES,
    )
)
"""All of them; for a sentence they are tried with the best first, of equals that which stands first."""

FORMS_WITHIN = {
    "fault": Forms((*READING, *OF_FORMATS)),
    "hazard": Forms((*ADVICE, *CHANGES)),
}
"""Clauses that would take other sentences for their own, by the kind of place that holds them."""
