"""npm's audit as JSON (npm 7 and later): known weaknesses of npm packages.

A package is listed both for an advisory of its own (an object in `via`) and for depending on another
that is listed (a text in `via`); an advisory is counted once, for the package that it is about. The
report names the range of versions that an advisory is about, not the version that is installed.
"""

import re
from collections.abc import Mapping
from typing import BinaryIO

from gonogo.domain.facts import Severity, Vulnerability, VulnerabilityFacts
from gonogo.evidence.format import Beginning, Format, Reading
from gonogo.evidence.json_document import Node, outline, read_document

VERSION = 2
SEVERITIES: Mapping[str, Severity] = {
    "critical": Severity.CRITICAL,
    "high": Severity.HIGH,
    "moderate": Severity.MEDIUM,
    "low": Severity.LOW,
    "info": Severity.LOW,
}
_ADVISORY = re.compile(r"/(GHSA-[0-9a-z-]+)$")


def recognises(beginning: Beginning) -> bool:
    """An object that says its version of the report."""
    found = outline(beginning)
    return found is not None and not found.is_list and "auditReportVersion" in found.keys


def read(file: BinaryIO, name: str) -> Reading:
    """Vulnerabilities, each advisory once for a package. Raises InvalidInput."""
    document = read_document(file, name)
    version = document.need("auditReportVersion")
    if version.count() != VERSION:
        raise version.unfit(f"is {version.count()}; version {VERSION} is read (npm 7 and later)")
    packages = dict(document.need("vulnerabilities").members())
    found: dict[tuple[str, str], Vulnerability] = {}
    for package in packages.values():
        for cause in package.need("via").items():
            if isinstance(cause.value, str):
                if cause.value not in packages:
                    raise cause.unfit(f"names {cause.text()}, which is not listed")
                continue
            each = _vulnerability(cause, packages)
            found.setdefault((each.id, each.package), each)
    if packages and not found:
        raise document.need("vulnerabilities").unfit("lists packages, but no advisory")
    metadata = document.need("metadata")
    total = metadata.need("vulnerabilities").need("total")
    if total.count() != len(packages):
        raise total.unfit(f"is {total.count()}, but the list of packages has {len(packages)}")
    looked_at = metadata.need("dependencies").need("total").count()
    return Reading((VulnerabilityFacts("npm audit", looked_at, tuple(found.values())),))


def _vulnerability(cause: Node, packages: Mapping[str, Node]) -> Vulnerability:
    named = cause.need("name")
    severity = cause.need("severity")
    if severity.exact() not in SEVERITIES:
        raise severity.unfit(f'"{severity.text()}" is no severity')
    url = cause.find("url")
    advisory = _ADVISORY.search(url.exact()) if url is not None else None
    number = f"npm-{cause.need('source').count()}"
    listed = packages.get(named.exact())
    return Vulnerability(
        id=advisory[1] if advisory else number,
        package=named.text(),
        version="",
        severity=SEVERITIES[severity.exact()],
        fixed_in=_fix(listed, named.exact()) if listed is not None else None,
        aliases=(number,) if advisory else (),
    )


def _fix(listed: Node, package: str) -> str | None:
    """The version to install, when the fix is of the package itself."""
    fix = listed.find("fixAvailable")
    if fix is None or isinstance(fix.value, bool):
        return None
    return fix.need("version").text() if fix.need("name").exact() == package else None


NPM_AUDIT = Format("npm-audit", recognises, read)
