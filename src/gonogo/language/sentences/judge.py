"""What the judge says of KPIs, of the recorded past and of gauges."""

from gonogo.language.marks import form

JUDGE = (
    form("{kpi}: no request has reached the canary yet, so nothing can be said"),
    form("{kpi}: {text_counts}: {text_conclusion}"),
    form("{n_bad} of {n_total} canary requests bad ({share})"),
    form(
        "{n_bad} of {n_total} canary requests bad ({share}), baseline {n_base_bad} of {n_base_total}"
        " ({share_base})"
    ),
    form("no canary request"),
    form("no canary request, baseline {n_base_bad} of {n_base_total} ({share_base})"),
    form("{text_harm}; odds {n_odds} : 1 that this is no accident (limit {n_limit} : 1)"),
    form("{text_harm}; odds over a billion : 1 that this is no accident (limit {n_limit} : 1)"),
    form("lately more than the {share_limit} tolerated"),
    form("more than the {share_limit} tolerated [{share_low}, {share_high}]"),
    form("lately worse than the {n_limit} times tolerated"),
    form("at least {n_low} times worse"),
    form("about {n_ratio} times worse [{n_low}, {n_high}]"),
    form(
        "the canary got {share} of this step's requests where {share_planned} was planned, so the split cannot"
        " be trusted"
    ),
    form(
        "the baseline gets such requests and the canary got none in this step: look at the routing"
    ),
    form("{n_seen} of {n_minimum} requests needed in this step"),
    form(
        "it leans towards harm, odds {n_odds} : 1 (it is stopped at {n_limit} : 1), so it gets no more customers"
        " before more is seen"
    ),
    form("the baseline has had no request in this step, so there is nothing to compare with"),
    form("no such request came in this step, so this endpoint is not judged here"),
    form("no baseline is left to compare with, so nothing more can be shown"),
    form("no proof of harm, and not yet shown that its limits are kept"),
    form(
        "no proof of harm, and not yet shown that its limits are kept; an answer may take about {n_more} more"
        " canary requests"
    ),
    form("shown to be below the limit of {share_limit}"),
    form("shown to be below {n_ratio} times the baseline"),
    form("shown to be below the limit of {share_limit} and below {n_ratio} times the baseline"),
    form("{text_first}; also failed: {names}"),
)

PAST = (
    form(
        "no baseline is left; no proof of more than the {share_tolerated} that {n_times} times the service's"
        " recorded past allows"
    ),
    form(
        "since promotion more than the {share_tolerated} that {n_times} times the service's recorded past"
        " allows"
    ),
    form(
        "it leans towards harm, {text_harm}, odds {n_odds} : 1; the version may be the cause, or something that"
        " would have hit the one before as well, so this does not take it back"
    ),
    form(
        "it leans towards harm, {text_harm}, odds over a billion : 1; the version may be the cause, or something"
        " that would have hit the one before as well, so this does not take it back"
    ),
    form("it leans towards harm, {text_harm}, odds {n_odds} : 1 (it is stopped at {n_limit} : 1)"),
    form("worse than its past: {text_why}"),
)

GAUGES = (
    form("{gauge}: no value was ever read"),
    form("{gauge}: no value was ever read: {maybe_why}"),
    form("{gauge}: not read for {span_age}; it was {value} then"),
    form("{gauge}: not read for {span_age}: {maybe_why}; it was {value} then"),
    form("{gauge}: it was {value}, and now cannot be read: {maybe_why}"),
    form("{gauge}: {value} where at most {bound} is allowed"),
    form("{gauge}: {value} where at least {bound} is allowed"),
    form("{gauge}: {value} where at most {bound} is allowed for {span_lasted} without a break"),
    form("{gauge}: {value} where at least {bound} is allowed for {span_lasted} without a break"),
    form(
        "{gauge}: {value} where at most {bound} is allowed, for {span_lasted} so far; at {span_needed} the"
        " release is taken back"
    ),
    form(
        "{gauge}: {value} where at least {bound} is allowed, for {span_lasted} so far; at {span_needed} the"
        " release is taken back"
    ),
    form(
        "{gauge}: {value} where at most {bound} is allowed, for {span_lasted} so far, counted anew after"
        " {span_gap} unread; at {span_needed} the release is taken back"
    ),
    form(
        "{gauge}: {value} where at least {bound} is allowed, for {span_lasted} so far, counted anew after"
        " {span_gap} unread; at {span_needed} the release is taken back"
    ),
    form("{gauge}: its newest reading, {value}, is from {span_age} ahead of now"),
    form("{gauge}: {value}, within its bound of at most {bound}"),
    form("{gauge}: {value}, within its bound of at least {bound}"),
    form(
        "{gauge}: {value}, within its bound of at most {bound}, but not yet for {span_needed} without a break in"
        " this step"
    ),
    form(
        "{gauge}: {value}, within its bound of at least {bound}, but not yet for {span_needed} without a break in"
        " this step"
    ),
    form("{text_first}; beyond its bound as well: {names}"),
)
