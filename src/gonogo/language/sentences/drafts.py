"""What the draft of a handoff says of the changes in a version."""

from gonogo.language.marks import counted, form

DRAFTS = (
    form("{version}, {text_changes} since {version_before}"),
    form("{version}, {text_changes} since the first commit"),
    form("no commits"),
    form("the commits could not be read"),
    counted("{count} breaking change", "{count} breaking changes"),
    counted("{count} feature", "{count} features"),
    counted("{count} fix", "{count} fixes"),
    counted("{count} performance change", "{count} performance changes"),
    counted("{count} security fix", "{count} security fixes"),
    counted("{count} other change", "{count} other changes"),
)
