"""What is wrong with a file that a person wrote into a form."""

from gonogo.language.marks import form

WRITTEN_FILES = (
    form("{file}:{n_line}:{n_column}: {maybe_message}"),
    form("{file}:{n_line}:{n_column}: {maybe_message} (and {n} more)"),
    form("this is empty; give it a value"),
    form("this has {n} characters, the limit is {n_most}"),
    form("the character {character} is not allowed"),
    form("the character {character} is not allowed in one line"),
    form("{typed} is not a number of things; write a whole number, as in 3"),
    form("{typed} does not say how many of how many; write it as {example}"),
    form("{n} of {n_all} stories cannot be tested"),
    form("{n} of {n_all} bugs cannot be fixed"),
    form("{key} has {n} items, the limit is {n_most}"),
    form("rollback_when is empty; give at least one"),
    form("{key} has no value; give it one or leave the key out"),
    form("{key} is missing"),
    form("{key} is missing in {label}"),
    form("this must be a mapping of keys to values, not {found}"),
    form("this must be a list, not {found}"),
    form("this must be a single value, not {found}"),
    form("unknown {what} {typed}; allowed: {names}"),
    form("duplicate key {key}, first given in line {n}"),
    form("the indentation does not fit the lines above"),
    form("a tab is used for indentation; use spaces"),
    form('the file is empty; a {what} begins with "{first}"'),
    form("docs/handoff.md explains every key and has an example"),
    form("docs/handoff.md explains rollback_when; it is written as in gonogo.yaml"),
    form(
        "{typed} is not a duration; write a number with one of the units ms, s, m, h, d,"
        " as in 90s, 30m or 1h30m"
    ),
    form("{typed} has no unit; allowed units: ms, s, m, h, d, as in {example}"),
    form("{typed} is not a percentage; write it as in 5% or 0.5%"),
)
