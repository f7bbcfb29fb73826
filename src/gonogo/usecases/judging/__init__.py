"""The judge, asked beside a release: of traffic elsewhere, of counts on file, of what was recorded.

`observe` and `observe_metrics` judge what something else routes, `offline` counts that were written
down; `recording` is a release's counts as they leave the desk, `what_if` other policies over them;
`outlook` says beforehand what a rollout can see; `assessed`, `forest` and `bands` are the judge's word
for JSON, pages and charts. The judge itself is `gonogo.judge`.
"""
