"""Marks on messages that are written in one place and said in another, for the catalogues."""


def form(source: str) -> str:
    """Marks a message, or a form of a recorded sentence (`language.phrases`)."""
    return source


def counted(one: str, many: str) -> tuple[str, str]:
    """Marks a form that counts: {count} is its number, and each language has as many forms as it needs."""
    return one, many
