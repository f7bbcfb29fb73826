"""CycloneDX as JSON: the parts of what is shipped and, where the file has a list of them, weaknesses.

A file without a list of vulnerabilities says nothing about them: nobody looked, which is not "none".
A weakness whose analysis says that it does not affect the product, or is resolved, is left out.
"""

import re
from collections.abc import Iterator, Mapping
from typing import BinaryIO

from gonogo.domain.evidence import Facts
from gonogo.domain.facts import (
    Component,
    ComponentFacts,
    Severity,
    Vulnerability,
    VulnerabilityFacts,
)
from gonogo.evidence.format import Beginning, Format, Reading
from gonogo.evidence.json_document import Node, outline, read_document

SEVERITIES: Mapping[str, Severity] = {
    "critical": Severity.CRITICAL,
    "high": Severity.HIGH,
    "medium": Severity.MEDIUM,
    "low": Severity.LOW,
    "info": Severity.LOW,
    "none": Severity.LOW,
    "unknown": Severity.UNKNOWN,
}
WORST = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW)
SCORES = ((9.0, Severity.CRITICAL), (7.0, Severity.HIGH), (4.0, Severity.MEDIUM))
UNAFFECTED = frozenset({"not_affected", "false_positive", "resolved", "resolved_with_pedigree"})
STATES = UNAFFECTED | {"exploitable", "in_triage"}
_VERSION = re.compile(r"1\.[2-9]")


def recognises(beginning: Beginning) -> bool:
    """An object that calls itself so. Some tools write that last: then components with references."""
    found = outline(beginning)
    if found is None or found.is_list:
        return False
    return "bomFormat" in found.keys or (
        "components" in found.keys and b'"bom-ref"' in beginning.head
    )


def read(file: BinaryIO, name: str) -> Reading:
    """Components, and vulnerabilities where the file has a list of them. Raises InvalidInput."""
    document = read_document(file, name)
    if document.need("bomFormat").exact() != "CycloneDX":
        raise document.need("bomFormat").unfit("is not CycloneDX")
    version = document.need("specVersion")
    if not _VERSION.fullmatch(version.exact()):
        raise version.unfit(f"is {version.text()}; versions 1.2 to 1.9 are read")
    nodes = list(_components(document))
    metadata = document.find("metadata")
    facts: list[Facts] = []
    if nodes:
        facts.append(ComponentFacts(tuple(_component(node) for node in nodes)))
    listed = document.find("vulnerabilities")
    if listed is not None:
        product = metadata.find("component") if metadata is not None else None
        parts = nodes if product is None else [product, *nodes]
        found = tuple(_vulnerabilities(listed, parts))
        facts.append(VulnerabilityFacts(_tool(metadata), len(nodes) or None, found))
    if not nodes and (listed is None or not listed.value):
        raise document.unfit("lists no components: there is nothing in it")
    said = metadata.find("timestamp") if metadata is not None else None
    return Reading(tuple(facts), at=said.instant() if said is not None else None)


def _components(document: Node) -> Iterator[Node]:
    """All components but the product itself, with those inside others."""
    metadata = document.find("metadata")
    product = metadata.find("component") if metadata is not None else None
    waiting = [document] if product is None else [product, document]
    while waiting:
        listed = waiting.pop().find("components")
        if listed is not None:
            below = list(listed.items())
            yield from below
            waiting.extend(reversed(below))


def _component(node: Node) -> Component:
    version, licences = node.find("version"), node.find("licenses")
    return Component(
        _name(node),
        version.text() if version is not None else "",
        tuple(_licence(each) for each in licences.items()) if licences is not None else (),
    )


def _name(node: Node) -> str:
    group, name = node.find("group"), node.need("name").text()
    return f"{group.text()}/{name}" if group is not None and group.text() else name


def _licence(node: Node) -> str:
    expression = node.find("expression")
    if expression is not None:
        return expression.text()
    licence = node.need("license")
    said = licence.find("id") or licence.find("name")
    if said is None:
        raise licence.unfit("has neither an id nor a name")
    return said.text()


def _vulnerabilities(listed: Node, nodes: list[Node]) -> Iterator[Vulnerability]:
    """One for each weakness and part that it affects."""
    by_reference = {
        reference.exact(): node for node in nodes if (reference := node.find("bom-ref")) is not None
    }
    seen: set[tuple[str, str, str]] = set()
    for node in listed.items():
        if _unaffected(node):
            continue
        named = node.need("id").text()
        affected = node.find("affects")
        parts = [_part(each, by_reference) for each in affected.items()] if affected else []
        for package, version in parts or [("unknown", "")]:
            if (named, package, version) in seen:
                continue
            seen.add((named, package, version))
            aliases = tuple(_aliases(node))
            yield Vulnerability(named, package, version, _severity(node), None, aliases)


def _unaffected(node: Node) -> bool:
    analysis = node.find("analysis")
    state = analysis.find("state") if analysis is not None else None
    if state is None:
        return False
    if state.exact() not in STATES:
        raise state.unfit(f'"{state.text()}" is no state of an analysis')
    return state.exact() in UNAFFECTED


def _part(affected: Node, by_reference: Mapping[str, Node]) -> tuple[str, str]:
    """Name and version; the reference itself when it leads out of the file."""
    reference = affected.need("ref")
    plain = reference.exact()
    node = by_reference.get(plain)
    if node is None and plain.startswith("urn:cdx:"):
        node = by_reference.get(plain.partition("#")[2])
    if node is None:
        return reference.text(), ""
    component = _component(node)
    return component.name, component.version


def _severity(node: Node) -> Severity:
    """The worst that any rating says."""
    ratings = node.find("ratings")
    said = [_rated(each) for each in ratings.items()] if ratings is not None else []
    return next((severity for severity in WORST if severity in said), Severity.UNKNOWN)


def _rated(rating: Node) -> Severity:
    severity, score = rating.find("severity"), rating.find("score")
    if severity is not None:
        if severity.exact() not in SEVERITIES:
            raise severity.unfit(f'"{severity.text()}" is no severity')
        if severity.exact() != "unknown":
            return SEVERITIES[severity.exact()]
    method = rating.find("method")
    if score is None or method is None or not method.exact().startswith("CVSS"):
        return Severity.UNKNOWN
    number = score.amount()
    return next((severity for least, severity in SCORES if number >= least), Severity.LOW)


def _aliases(node: Node) -> Iterator[str]:
    references = node.find("references")
    for reference in references.items() if references is not None else ():
        named = reference.find("id")
        if named is not None:
            yield named.text()


def _tool(metadata: Node | None) -> str:
    """The first tool that the file names."""
    tools = metadata.find("tools") if metadata is not None else None
    if tools is not None and isinstance(tools.value, dict):
        tools = tools.find("components") or tools.find("services")
    for tool in tools.items() if tools is not None else ():
        return tool.need("name").text()
    return "CycloneDX"


CYCLONEDX = Format("cyclonedx", recognises, read)
