"""The demo, as a newcomer runs it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.timeout(300)


def demo(folder: Path, *options: str) -> tuple[dict[str, Any], str]:
    done = subprocess.run(
        [sys.executable, "-m", "gonogo", "demo", "--fast", "--json", "out.json", *options],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads((folder / "out.json").read_text()), done.stdout


def test_the_bad_version_is_taken_back_the_good_one_released_and_nobody_is_lost(
    tmp_path: Path,
) -> None:
    result, said = demo(tmp_path)
    first, bad, good = result["releases"]
    assert [each["outcome"] for each in (first, bad, good)] == [
        "released",
        "rolled_back",
        "released",
    ]
    assert result["lost_requests"] == 0
    assert bad["canary_bad"] >= bad["customers_hurt"] > 0
    assert bad["canary_requests_to_decision"] <= bad["canary_requests"]
    assert "create order" in bad["reasons"][0] or "errors" in bad["reasons"][0]
    assert good["canary_bad"] == 0
    report = (tmp_path / "gonogo-demo.html").read_text()
    assert str(tmp_path / "gonogo-demo.html") in said
    assert "v1.2.0" in report
    assert "http://" not in report.replace("http://www.w3.org", "").replace("http://127.0.0.1", "")


@pytest.mark.slow
@pytest.mark.parametrize(("defect", "outcome"), [("none", "released"), ("slow", "rolled_back")])
def test_the_outcome_follows_from_the_version_not_from_a_script(
    tmp_path: Path, defect: str, outcome: str
) -> None:
    result, _ = demo(tmp_path, "--defect", defect)
    assert result["releases"][1]["outcome"] == outcome
    assert result["releases"][2]["outcome"] == "released"
    assert result["lost_requests"] == 0
