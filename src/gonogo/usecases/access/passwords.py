"""What a password has to be. After NIST SP 800-63B: long enough, not known to be bad, nothing else."""

import unicodedata

from gonogo.domain.errors import InvalidInput

SHORTEST = 12
LONGEST = 256
"""Longer ones would only cost time."""

_WORST = frozenset(
    """
    123456789012 1234567890123 12345678901234 123456789123 123123123123 121212121212
    qwertyuiop12 qwertyuiop123 qwertyuiop[] qwertyuiopas qwertyuiopasdf qwerty123456 qwerty1234567
    1qaz2wsx3edc 1q2w3e4r5t6y 1q2w3e4r5t6y7u q1w2e3r4t5y6 zaq12wsxcde3 asdfghjkl123 zxcvbnm12345
    password1234 password12345 password123456 passwordpassword password!123 p@ssw0rd1234 passw0rd1234
    letmeinletmein letmein12345 welcome12345 welcome123456 iloveyou1234 iloveyouforever
    iloveyouiloveyou administrator administrator1 admin1234567 adminadminadmin adminpassword
    changemechangeme changeme1234 trustno1trustno1 superman1234 princess1234 football1234 baseball1234
    monkeymonkey dragondragon sunshine1234 abcdefghijkl abcdefghijklm abcd12345678 abc123abc123
    a1b2c3d4e5f6 correcthorsebatterystaple thisismypassword mypassword12 mypassword123 secretsecret
    gonogogonogo releasedesk12
    """.split()  # noqa: SIM905 - one name a line would be a page of noise
)
_FEWEST_SIGNS = 5


def plain(password: str) -> str:
    """A password as it is hashed, however the keyboard put its marks together."""
    return unicodedata.normalize("NFKC", password)


def fits(password: str) -> bool:
    """Whether it could be somebody's at all; one that is too long is not worth hashing."""
    return 0 < len(password) <= LONGEST and len(plain(password)) <= LONGEST


def refuse_weak(password: str, *own: str) -> None:
    """Raises InvalidInput for a password that is too short, too long, one of the worst, of few different
    signs, or made of what is `own` (a name, an address). The message never repeats it."""
    text = plain(password)
    if len(text) < SHORTEST or not fits(password):
        raise InvalidInput(
            f"a password has {SHORTEST} to {LONGEST} characters, and this one has {len(password)}",
            hint="several words one after the other are easy to remember",
        )
    folded = text.casefold()
    if folded.replace(" ", "") in _WORST or len(set(folded)) < _FEWEST_SIGNS:
        raise InvalidInput("this password is among the first that are tried; choose another one")
    rest = folded
    for word in sorted({part for each in own for part in _words(each)}, key=len, reverse=True):
        rest = rest.replace(word, "")
    if len(rest) < SHORTEST // 2:
        raise InvalidInput("this password is little more than your own name; choose another one")


def _words(own: str) -> set[str]:
    whole = plain(own).casefold()
    parts = {whole, *whole.replace("@", " ").replace(".", " ").replace("-", " ").split()}
    return {part for part in parts if len(part) >= 3}
