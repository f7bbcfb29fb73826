"""The demo, as a newcomer runs it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.timeout(900)


def demo(folder: Path, *options: str) -> tuple[dict[str, Any], str]:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "gonogo",
            "demo",
            "--fast",
            "--rate",
            "60",
            "--json",
            "out.json",
            *options,
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        timeout=800,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads((folder / "out.json").read_text()), done.stdout


@pytest.mark.slow
def test_the_bad_version_is_taken_back_the_good_one_released_the_last_stopped_and_nobody_is_lost(
    tmp_path: Path,
) -> None:
    result, said = demo(tmp_path)
    first, bad, good, stopped = result["releases"]
    assert [each["outcome"] for each in (first, bad, good, stopped)] == [
        "released",
        "rolled_back",
        "released",
        "no_go",
    ]
    why = 'v1.2.1 cannot run on the schema of v1.3.0: v1.2.1 failed "create an order": answered 500'
    assert stopped["stopped_by"].startswith(why)
    assert stopped["canary_requests"] == stopped["customers_hurt"] == 0
    assert (bad["exit_code"], good["exit_code"], stopped["exit_code"]) == (20, 0, 20)
    assert f"✘ v1.3.0  no go: {why}" in said
    assert result["lost_requests"] == 0
    assert bad["canary_bad"] >= bad["customers_hurt"] > 0
    assert bad["canary_requests_to_decision"] <= bad["canary_requests"]
    beside = {each["service"]: (each["version"], each["outcome"]) for each in result["beside"]}
    assert beside == {"stock": ("v1.1.0", "released"), "billing": ("v1.0.0", "held")}
    assert "‖ billing v1.0.0  held: HOLD: 1 of 2 gates is missing: sign-offs" in said
    assert "create order" in bad["reasons"][0] or "errors" in bad["reasons"][0]
    assert good["canary_bad"] == 0
    report = (tmp_path / "gonogo-demo.html").read_text()
    assert str(tmp_path / "gonogo-demo.html") in said
    assert "v1.2.0" in report
    assert "✕</span> No-Go" in report
    assert "http://" not in report.replace("http://www.w3.org", "").replace("http://127.0.0.1", "")


@pytest.mark.slow
@pytest.mark.parametrize(("defect", "outcome"), [("none", "released"), ("slow", "rolled_back")])
def test_the_outcome_follows_from_the_version_not_from_a_script(
    tmp_path: Path, defect: str, outcome: str
) -> None:
    result, _ = demo(tmp_path, "--defect", defect)
    assert result["releases"][1]["outcome"] == outcome
    assert result["releases"][2]["outcome"] == "released"
    assert result["releases"][3]["outcome"] == "no_go"
    assert result["lost_requests"] == 0
