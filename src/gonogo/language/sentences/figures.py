"""The number that a gate held against its limit, with its unit."""

from gonogo.language.marks import counted, form

FIGURES = (
    counted("{count} test", "{count} tests"),
    counted("{count} request", "{count} requests"),
    counted("{count} user", "{count} users"),
    counted("{count} incident", "{count} incidents"),
    counted("{count} operation", "{count} operations"),
    counted("{count} change", "{count} changes"),
    counted("{count} error", "{count} errors"),
    counted("{count} warning", "{count} warnings"),
    counted("{count} sign-off", "{count} sign-offs"),
    counted("{count} head", "{count} heads"),
    form("{n} ticked"),
    form("{n} set"),
    form("{n} unmitigated"),
    form("{n} unread"),
    form("{n} refused"),
    form("{n} recommended"),
    form("{n} info"),
    form("{span}"),
    form("{measure}"),
)
