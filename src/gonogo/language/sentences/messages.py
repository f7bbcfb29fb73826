"""What people are sent, beside the reasons of stages."""

from gonogo.language.marks import form

MESSAGES = (
    form("{service} {version} {text_message}"),
    form("{service} {version} begins"),
    form("the terminal or log of desk {desk}"),
    form("messages about {service} are held back by {actor}: {reason}"),
    form("the console takes no messages: {error}"),
    form("has no report {path}: {maybe_reason}"),
    form("leaves the scratch database {name} behind: {maybe_reason}"),
    form(
        "nothing was written into the fresh database, so the migrations seem to use"
        " another one (hand it over: {command})"
    ),
    form("{path} cannot be read: there is no such file"),
    form("the PostgreSQL server does not answer"),
    form("the PostgreSQL server at {host} does not answer"),
    form("the disk is full"),
    form("{repository} has no tag {name}"),
    form("{repository} has no tag {name}; nearest: {names}"),
    form("{repository} is gone"),
    form("the repository {repository} is not a folder of this machine"),
)
