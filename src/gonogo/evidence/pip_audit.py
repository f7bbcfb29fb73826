"""pip-audit's JSON: known weaknesses of Python packages. It does not say how bad they are."""

from typing import BinaryIO

from gonogo.domain.facts import Severity, Vulnerability, VulnerabilityFacts
from gonogo.evidence.format import Beginning, Format, Reading
from gonogo.evidence.json_document import Node, outline, read_document


def recognises(beginning: Beginning) -> bool:
    """An object whose dependencies have `vulns` or a reason why they were skipped."""
    found = outline(beginning)
    if found is None or found.is_list or "dependencies" not in found.keys:
        return False
    return b'"vulns"' in beginning.head or b'"skip_reason"' in beginning.head


def read(file: BinaryIO, name: str) -> Reading:
    """Vulnerabilities, each once for a package and version. Raises InvalidInput."""
    document = read_document(file, name)
    packages = 0
    skipped: list[str] = []
    found: dict[tuple[str, str, str], Vulnerability] = {}
    for dependency in document.need("dependencies").items():
        package = dependency.need("name").text()
        if dependency.find("skip_reason") is not None:
            skipped.append(package)
            continue
        packages += 1
        version = dependency.need("version").text()
        for vulnerability in dependency.need("vulns").items():
            each = _vulnerability(vulnerability, package, version)
            found.setdefault((each.id, package, version), each)
    if not packages and not skipped:
        raise document.need("dependencies").unfit("is empty: no package was looked at")
    return Reading(
        (VulnerabilityFacts("pip-audit", packages, tuple(found.values()), tuple(skipped)),)
    )


def _vulnerability(node: Node, package: str, version: str) -> Vulnerability:
    fixes = [each.text() for each in node.need("fix_versions").items()]
    aliases = node.find("aliases")
    return Vulnerability(
        id=node.need("id").text(),
        package=package,
        version=version,
        severity=Severity.UNKNOWN,
        fixed_in=fixes[0] if fixes else None,
        aliases=tuple(each.text() for each in aliases.items()) if aliases is not None else (),
    )


PIP_AUDIT = Format("pip-audit", recognises, read)
