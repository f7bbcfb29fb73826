"""The guide's table of roles is the table of permissions."""

from pathlib import Path

from gonogo.domain.actor import Role
from gonogo.usecases.permissions import PERMISSIONS, Deed

GUIDE = Path(__file__).parents[2] / "docs" / "people.md"


def test_the_guide_says_of_every_role_all_that_it_may_do():
    lines = [line for line in GUIDE.read_text().splitlines() if line.startswith("|")]
    head, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    roles = [Role(cell.strip("`")) for cell in head[1:]]
    assert set(roles) == set(Role) - {Role.DESK}
    told = {
        Deed(row[0]): {role for role, mark in zip(roles, row[1:], strict=True) if mark == "✔"}
        for row in rows
    }
    assert told == PERMISSIONS
