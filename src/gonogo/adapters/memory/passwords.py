"""Password hashes that cost nothing."""

from hashlib import sha256


class MemoryPasswords:
    """The twin of argon2. `made` and `checked` count the work; `strength` stands for its parameters."""

    def __init__(self, strength: int = 1) -> None:
        self.strength = strength
        self.made = 0
        self.checked = 0

    async def hash(self, password: str) -> str:
        """A hash that says its strength."""
        self.made += 1
        return f"memory:{self.strength}:{_digest(password)}"

    async def matches(self, hash_: str | None, password: str) -> bool:
        """Whether it is the password."""
        self.checked += 1
        return hash_ is not None and hash_.rpartition(":")[2] == _digest(password)

    def outdated(self, hash_: str) -> bool:
        """Whether it is of less strength."""
        return int(hash_.split(":")[1]) < self.strength


def _digest(password: str) -> str:
    return sha256(password.encode()).hexdigest()
