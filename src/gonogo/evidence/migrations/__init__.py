"""Offline SQL of pending migrations: what in it harms customers or the version that still runs.

`reader` recognises a file and gives the facts; `script` cuts SQL into statements; `judging` goes
through them in order, and `alterations`, `commands` and `rebuild` know one family of statements each.
Only `reader` may be imported cheaply: the others bring the SQL parser.
"""
