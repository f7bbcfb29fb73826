"""`gonogo judge`: verdict, exit code and JSON of a file of counts."""

import json
import os
import random
import threading
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import Result

Run = Callable[..., Result]
SVG = "{http://www.w3.org/2000/svg}"


def counts(
    *, canary: float, baseline: float = 0.005, seconds: int = 600, seed: int = 1, kpi: str = ""
) -> str:
    """A second per look: 95 baseline and 5 canary requests."""
    chance = random.Random(seed)

    def row(second: int, arm: str, share: float, total: int) -> str:
        bad = sum(chance.random() < share for _ in range(total))
        return f"{second},{arm},{bad},{total}" + (f",{kpi}" if kpi else "")

    return "\n".join(
        line
        for second in range(seconds)
        for line in (row(second, "baseline", baseline, 95), row(second, "canary", canary, 5))
    )


def file_of(folder: Path, *parts: str, header: str = "at,arm,bad,total") -> str:
    path = folder / "counts.csv"
    path.write_text("\n".join((header, *parts)) + "\n")
    return str(path)


def test_a_bad_canary_fails_and_the_row_that_stopped_it_is_named(run: Run, tmp_path: Path) -> None:
    done = run("judge", file_of(tmp_path, counts(canary=0.05)), "--json")
    assert done.exit_code == 20
    found = json.loads(done.stdout)
    assert set(found) == {"verdict", "kpis"}
    (kpi,) = found["kpis"]
    assert list(kpi) == [
        *("kpi", "verdict", "stopped_at_row", "canary_total_at_stop", "evidence", "p_value"),
        *("estimate", "expected_more_canary_requests", "sentence"),
    ]
    assert (found["verdict"], kpi["verdict"]) == ("fail", "fail")
    assert kpi["stopped_at_row"] % 2 == 0
    assert kpi["canary_total_at_stop"] == kpi["stopped_at_row"] / 2 * 5
    assert kpi["canary_total_at_stop"] < 600
    assert kpi["evidence"] >= 100
    assert kpi["p_value"] == pytest.approx(1 / kpi["evidence"])
    assert kpi["estimate"]["low"] > 1


def test_the_rows_after_the_stop_change_nothing(run: Run, tmp_path: Path) -> None:
    rows = counts(canary=0.05).splitlines()
    whole = json.loads(run("judge", file_of(tmp_path, *rows), "--json").stdout)
    stop = whole["kpis"][0]["stopped_at_row"]
    upto = json.loads(run("judge", file_of(tmp_path, *rows[:stop]), "--json").stdout)
    before = json.loads(run("judge", file_of(tmp_path, *rows[: stop - 2]), "--json").stdout)
    assert upto == whole
    assert before["verdict"] == "unproven" or before["verdict"] == "inconclusive"


def test_without_a_limit_the_relative_test_has_the_whole_budget(run: Run, tmp_path: Path) -> None:
    path = file_of(tmp_path, counts(canary=0.05))
    assert "(limit 100 : 1)" in run("judge", path).stdout
    assert "(limit 200 : 1)" in run("judge", path, "--limit", "5%").stdout
    assert "(limit 20 : 1)" in run("judge", path, "--false-alarm", "5%").stdout


def test_an_equal_canary_is_unproven_and_its_p_value_is_large(run: Run, tmp_path: Path) -> None:
    done = run("judge", file_of(tmp_path, counts(canary=0.005)), "--json")
    assert done.exit_code == 10
    (kpi,) = json.loads(done.stdout)["kpis"]
    assert kpi["verdict"] == "unproven"
    assert kpi["stopped_at_row"] is kpi["canary_total_at_stop"] is None
    assert 0.01 < kpi["p_value"] <= 1


def test_a_canary_shown_to_keep_its_limits_passes(run: Run, tmp_path: Path) -> None:
    path = file_of(tmp_path, counts(canary=0.005, seconds=4000))
    done = run("judge", path, "--limit", "5%", "--ratio", "4")
    assert done.exit_code == 0
    assert done.stdout.startswith("PASS\n")


def test_with_a_limit_the_canary_can_be_judged_alone(run: Run, tmp_path: Path) -> None:
    rows = [f"{second},canary,0,10" for second in range(30)]
    path = file_of(tmp_path, *rows)
    refused = run("judge", path)
    assert refused.exit_code == 2
    assert "nothing to compare the canary with" in refused.stderr
    done = run("judge", path, "--limit", "5%", "--json")
    assert done.exit_code == 0
    (kpi,) = json.loads(done.stdout)["kpis"]
    assert kpi["estimate"] == {"ratio": None, "low": None, "high": None}


def test_a_baseline_alone_is_refused(run: Run, tmp_path: Path) -> None:
    done = run("judge", file_of(tmp_path, "0,baseline,0,10"), "--limit", "5%")
    assert done.exit_code == 2
    assert "is of the canary: nothing to judge" in done.stderr


def test_a_file_without_rows_has_no_data(run: Run, tmp_path: Path) -> None:
    done = run("judge", file_of(tmp_path), "--json")
    assert done.exit_code == 10
    assert json.loads(done.stdout) == {"verdict": "no_data", "kpis": []}


def test_a_canary_without_requests_has_no_data(run: Run, tmp_path: Path) -> None:
    done = run("judge", file_of(tmp_path, "0,baseline,1,10", "0,canary,0,0"), "--json")
    assert done.exit_code == 10
    assert json.loads(done.stdout)["verdict"] == "no_data"


def test_few_requests_are_inconclusive(run: Run, tmp_path: Path) -> None:
    path = file_of(tmp_path, counts(canary=0.0, seconds=10))
    assert run("judge", path).stdout.startswith("INCONCLUSIVE\n")
    assert run("judge", path, "--at-least", "50").stdout.startswith("UNPROVEN\n")


def test_each_kpi_is_judged_by_itself_and_the_worst_decides(run: Run, tmp_path: Path) -> None:
    good, bad = (
        counts(canary=share, seed=seed, kpi=kpi).splitlines()
        for share, seed, kpi in ((0.005, 1, "slow"), (0.05, 2, "errors"))
    )
    rows = [row for pair in zip(good, bad, strict=True) for row in pair]
    done = run("judge", file_of(tmp_path, *rows, header="at,arm,bad,total,kpi"), "--json")
    assert done.exit_code == 20
    found = json.loads(done.stdout)
    assert {kpi["kpi"]: kpi["verdict"] for kpi in found["kpis"]} == {
        "slow": "unproven",
        "errors": "fail",
    }
    assert "(limit 200 : 1)" in found["kpis"][1]["sentence"]


def test_counts_can_come_from_standard_input(run: Run, tmp_path: Path) -> None:
    text = Path(file_of(tmp_path, counts(canary=0.05))).read_bytes()
    assert run("judge", "-", text=text).exit_code == 20


def test_a_pipe_is_read_once(run: Run, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    text = Path(file_of(tmp_path, counts(canary=0.05))).read_bytes()
    writer = threading.Thread(target=pipe.write_bytes, args=(text,))
    writer.start()
    assert run("judge", str(pipe)).exit_code == 20
    writer.join()


def test_a_folder_is_no_file(run: Run, tmp_path: Path) -> None:
    done = run("judge", str(tmp_path))
    assert done.exit_code == 2
    assert "cannot be read" in done.stderr


def test_a_mistake_in_the_last_row_is_found_before_anything_is_said(
    run: Run, tmp_path: Path
) -> None:
    done = run("judge", file_of(tmp_path, counts(canary=0.05), "600,canary,7,5"))
    assert done.exit_code == 2
    assert not done.stdout
    assert "row 1201 (line 1202), column bad: 7 bad of 5 in all" in done.stderr


@pytest.mark.parametrize("option", [("--limit", "0.05"), ("--ratio", "0.5"), ("--limit", "100%")])
def test_options_that_make_no_sense_are_refused(
    run: Run, tmp_path: Path, option: tuple[str, str]
) -> None:
    done = run("judge", file_of(tmp_path, counts(canary=0.05)), *option)
    assert done.exit_code == 2
    assert option[0] in done.stderr


def test_the_plot_is_one_svg_file_with_every_kpi(run: Run, tmp_path: Path) -> None:
    picture = tmp_path / "picture.svg"
    rows = counts(canary=0.05, kpi="create order <now>")
    path = file_of(tmp_path, rows, header="at,arm,bad,total,kpi")
    assert run("judge", path, "--limit", "5%", "--plot", str(picture)).exit_code == 20
    root = ElementTree.fromstring(picture.read_text())
    told = " ".join("".join(element.itertext()) for element in root.iter(f"{SVG}text"))
    assert root.tag == f"{SVG}svg"
    assert "Verdict: fail" in told
    assert "create order <now>: share of bad requests" in told
    assert "limit 2.3" in told


@pytest.mark.parametrize(
    "row", ["{0},baseline,0,20\n{0},canary,0,20", "0,canary,0,1\n0,baseline,0,1"]
)
def test_many_rows_need_no_more_memory(run: Run, tmp_path: Path, row: str) -> None:
    path = file_of(tmp_path, *(row.format(second) for second in range(15_000)))
    run("judge", path)
    tracemalloc.start()
    run("judge", path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000
