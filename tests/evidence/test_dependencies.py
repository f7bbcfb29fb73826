"""pip-audit, npm audit and CycloneDX: which weaknesses count, how often, and what was not looked at."""

import json
from datetime import UTC, datetime

import pytest
from tests.evidence.reading import document, evidence, facts, read, refusal

from gonogo.domain.facts import (
    Component,
    ComponentFacts,
    Severity,
    Vulnerability,
    VulnerabilityFacts,
)

NPM = "npm-audit/findings.json"
BOM = "cyclonedx/vulnerabilities.json"


def vulnerabilities(log):
    return read(json.dumps(log).encode(), "bom.json")[-1].facts.vulnerabilities


def test_pip_audit_counts_each_advisory_once_for_a_package():
    found = facts("pip-audit/findings.json")
    assert found == VulnerabilityFacts(
        "pip-audit",
        2,
        (
            Vulnerability(
                "PYSEC-2019-217",
                "jinja2",
                "2.10",
                Severity.UNKNOWN,
                "2.10.1",
                ("CVE-2019-10906", "GHSA-462w-v97r-4m45"),
            ),
            Vulnerability(
                "PYSEC-2021-66", "jinja2", "2.10", Severity.UNKNOWN, "2.11.3", ("CVE-2020-28493",)
            ),
        ),
        ("shop",),
    )


def test_pip_audit_without_findings_says_how_many_packages_it_looked_at():
    assert facts("pip-audit/clean.json") == VulnerabilityFacts("pip-audit", 2)


def test_packages_that_pip_audit_skipped_were_not_looked_at():
    found = facts("pip-audit/skipped.json")
    assert found.packages == 0
    assert "jinja2" in found.skipped
    assert len(found.skipped) == 7


def test_a_package_without_its_list_of_weaknesses_is_refused():
    log = document("pip-audit/clean.json")
    del log["dependencies"][1]["vulns"]
    assert "dependencies[1] has no vulns" in refusal(log)


def test_npm_counts_an_advisory_once_however_many_packages_lead_to_it():
    found = facts(NPM)
    assert found.packages == 11
    assert [(each.id, each.package, each.severity) for each in found.vulnerabilities] == [
        ("GHSA-xvch-5gv4-984h", "minimist", Severity.CRITICAL),
        ("GHSA-vh95-rmgr-6w4m", "minimist", Severity.MEDIUM),
    ]
    assert found.vulnerabilities[0].fixed_in == "1.2.8"


def test_npm_without_findings_is_none():
    assert facts("npm-audit/clean.json") == VulnerabilityFacts("npm audit", 11)


def test_an_npm_report_that_lists_fewer_packages_than_it_says_is_refused():
    log = document(NPM)
    del log["vulnerabilities"]["shop-tools"]
    assert "metadata.vulnerabilities.total is 3, but the list of packages has 2" in refusal(log)


def test_an_npm_chain_that_leads_to_a_package_that_is_not_listed_is_refused():
    log = document(NPM)
    del log["vulnerabilities"]["minimist"]
    assert "names minimist, which is not listed" in refusal(log)


def test_npm_packages_without_any_advisory_are_refused():
    log = document(NPM)
    log["vulnerabilities"] = {"mkdirp": {"name": "mkdirp", "via": []}}
    assert "no advisory" in refusal(log)


@pytest.mark.parametrize("version", [1, 3])
def test_npm_reports_of_other_versions_are_refused(version):
    assert "version 2 is read" in refusal(document(NPM) | {"auditReportVersion": version})


def test_what_npm_prints_when_it_cannot_reach_its_registry_is_refused():
    assert "no format" in refusal({"message": "405", "error": {"summary": "", "detail": ""}})


def test_a_bill_of_materials_names_parts_and_licences():
    (found,) = evidence("cyclonedx/environment.json")
    assert Component("MarkupSafe", "3.0.4", ("BSD-3-Clause",)) in found.facts.components
    assert len(found.facts.components) == 5
    assert found.at == datetime(2026, 11, 22, 3, 53, 56, 709450, tzinfo=UTC)


def test_a_bill_of_materials_that_did_not_look_for_weaknesses_says_nothing_of_them():
    assert [type(each.facts) for each in evidence("cyclonedx/environment.json")] == [ComponentFacts]


def test_an_empty_list_of_weaknesses_means_none():
    components, found = evidence("cyclonedx/no-vulnerabilities.json")
    assert components.facts == ComponentFacts((Component("log", "1.2"),))
    assert found.facts == VulnerabilityFacts("CycloneDX", 1)


def test_parts_inside_parts_are_parts_and_the_product_itself_is_not():
    components, _ = evidence(BOM)
    assert components.facts == ComponentFacts(
        (
            Component("@shop/cart", "2.0.0", ("MIT OR Apache-2.0",)),
            Component("log", "1.2", ("BSD-3-Clause", "A licence of our own")),
            Component("inner", "0.1"),
        )
    )


def test_a_weakness_counts_for_each_part_with_its_worst_rating():
    found = evidence(BOM)[1].facts
    assert (found.tool, found.packages) == ("scanner", 3)
    assert [
        (each.id, each.package, each.version, each.severity) for each in found.vulnerabilities
    ] == [
        ("CVE-2026-0001", "@shop/cart", "2.0.0", Severity.HIGH),
        ("CVE-2026-0001", "inner", "0.1", Severity.HIGH),
        ("CVE-2026-0002", "log", "1.2", Severity.UNKNOWN),
        ("CVE-2026-0003", "log", "1.2", Severity.CRITICAL),
    ]


def test_a_weakness_of_the_product_itself_names_the_product():
    log = document(BOM)
    log["vulnerabilities"] = [{"id": "CVE-2026-0009", "affects": [{"ref": "shop"}]}]
    (found,) = vulnerabilities(log)
    assert (found.package, found.version) == ("shop", "1.0")


def test_a_weakness_that_names_no_part_still_counts():
    log = document(BOM)
    log["vulnerabilities"] = [{"id": "CVE-2026-0009"}]
    (found,) = vulnerabilities(log)
    assert (found.package, found.severity) == ("unknown", Severity.UNKNOWN)


@pytest.mark.parametrize(
    "change",
    [
        {"components": [], "vulnerabilities": []},
        {"components": None, "vulnerabilities": None},
    ],
)
def test_a_bill_of_nothing_is_refused(change):
    assert "lists no components" in refusal(document(BOM) | change)


def test_a_state_of_analysis_that_does_not_exist_is_refused():
    log = document(BOM)
    log["vulnerabilities"][3]["analysis"]["state"] = "fine"
    assert "vulnerabilities[3].analysis.state" in refusal(log)


def test_a_time_without_a_zone_is_refused():
    log = document(BOM)
    log["metadata"]["timestamp"] = "2026-03-01T10:00:00"
    assert "has no zone" in refusal(log)
