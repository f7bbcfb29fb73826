"""What the judge says beside its verdicts: agreed criteria, customers, rules of counting."""

from gonogo.language.marks import form

LITERALS = (
    form(
        "{name}: {n_bad} of {n_total} requests bad ({share}) within {span}, more than the"
        " {share_limit} agreed"
    ),
    form("{n_bad} of {n_total} canary customers bad ({share})"),
    form(
        "{n_bad} of {n_total} canary customers bad ({share}), baseline {n_base_bad} of"
        " {n_base_total} ({share_base})"
    ),
    form("no canary customer"),
    form("no canary customer, baseline {n_base_bad} of {n_base_total} ({share_base})"),
    form("{n_seen} of {n_minimum} customers needed in this step"),
    form(
        "no proof of harm, and not yet shown that its limits are kept; an answer may take"
        " about {n_more} more canary customers"
    ),
    form(
        "it leans towards harm, odds over a billion : 1 (it is stopped at {n_limit} : 1),"
        " so it gets no more customers before more is seen"
    ),
    form(
        "it leans towards harm, {text_harm}, odds over a billion : 1 (it is stopped at"
        " {n_limit} : 1)"
    ),
    form("{names}: each customer is counted once in {span}, by its first request"),
    form("{names}: a customer's bad answers count once in {span} or until it is served well again"),
    form("customers: {text_steps}, then everyone; back to {version} if it harms"),
    form("{share} for {span}"),
    form("judged by {names}; a good version is stopped in at most {share} of releases"),
    form(
        "its own gonogo.yaml differs from the registered one, which counts until the"
        " change is approved by `gonogo register`"
    ),
    form("it is attempt {n} of this commit: its false-alarm budget is smaller"),
    form("{environment} runs no version yet: nobody is there to compare with"),
    form("{service} {version} (commit {hash}) through {places}"),
    form("{service} {version} is {stage}; one release of a service at a time"),
    form("step {n} ({share} for {span})"),
    form(
        "{kpi}: its traffic is not known; add --of '{kpi_again}=REQUESTS_A_SECOND' (and"
        " :SHARE of bad ones)"
    ),
    form(
        "step {n} ({share} for {span}): its {n_requests} canary requests take"
        " {span_needed}, so it waits; hold it longer or ask for fewer"
    ),
    form("{kpi}: ×{n} keeps every limit, so it is never stopped"),
    form(
        "step {n} ({share} for {span}): {kpi} ×{n_times} takes {span_needed} to show; hold"
        " it for {span_hold}"
    ),
    form(
        "step {n} ({share} for {span}): {kpi} ×{n_times} takes {span_needed} to show; hold"
        " it for {span_hold} or begin with {share_begin}"
    ),
    form(
        "{kpi}: proving {n} × the baseline takes {span} at {share}; its limit of"
        " {share_limit} is proven within {span_limit}: leave the ratio out where an early"
        " end matters more than small regressions"
    ),
    form(
        "{kpi}: proving {n} × the baseline takes {span} at {share}: use a limit of"
        " {share_limit}, proven within {span_limit}"
    ),
    form(
        "{kpi}: proving {n} × the baseline is not possible at {share}; its limit of"
        " {share_limit} is proven within {span_limit}: leave the ratio out where an early"
        " end matters more than small regressions"
    ),
    form(
        "{kpi}: proving {n} × the baseline is not possible at {share}: use a limit of"
        " {share_limit}, proven within {span_limit}"
    ),
)
