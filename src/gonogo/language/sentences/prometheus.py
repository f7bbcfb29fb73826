"""What is said of a Prometheus whose answer is not whole, fresh and plain."""

from gonogo.language.marks import form

PROMETHEUS = (
    form("Prometheus at {word_url} did not answer within {span}"),
    form("Prometheus at {word_url} cannot be reached: {error}"),
    form("Prometheus at {word_url} answered with more than {n_most} MB"),
    form("Prometheus at {word_url} answered {n_status} with {word_kind} that is not JSON"),
    form("Prometheus at {word_url} answered {n_status} with JSON that is no answer of Prometheus"),
    form("Prometheus at {word_url} refused the query: {error}"),
    form("Prometheus at {word_url} says its answer is not whole: {error}"),
    form("Prometheus at {word_url} gave no samples of counters: {error}"),
    form("Prometheus at {word_url} has {n_series} series for one selector, more than {n_most}"),
    form(
        'the newest sample of "{kpi}" in Prometheus at {word_url} is {span} old;'
        " the limit is {span_limit}"
    ),
    form(
        'the newest sample of "{kpi}" in Prometheus at {word_url} is {span} in the future;'
        " the limit is {span_limit}"
    ),
    form('"{kpi}" asks for {span}, and no bucket ends there'),
    form('"{kpi}": {n_bad} of {n_all} requests bad at {instance}: the bad ones are no part of all'),
    form('all of "{kpi}": a series has no label {word_label} to tell arms apart by'),
    form('part of "{kpi}": a series has no label {word_label} to tell arms apart by'),
    form('all of "{kpi}": no sample for {span}'),
    form('part of "{kpi}": no sample for {span}'),
    form('all of "{kpi}": gained {n}, which is no whole number: it does not count requests'),
    form('part of "{kpi}": gained {n}, which is no whole number: it does not count requests'),
    form('all of "{kpi}": several series for {instance}, which differ in {names}'),
    form('part of "{kpi}": several series for {instance}, which differ in {names}'),
)
