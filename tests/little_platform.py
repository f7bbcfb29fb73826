"""A little platform to deploy to, by the contract of docs/grounds.md: its scripts, state and processes.

Written into the files of a version as `platform.py` and run by the scripts of a spec. Its state is in
the folder that PLATFORM names. A file `mood-<script>` there makes that script misbehave: `hang`,
`garbage`, `nothing` (ends well without doing anything), `then-fail` (does it, then fails), `fail`.
"""

import shlex
import sys
from datetime import timedelta
from pathlib import Path

from gonogo.domain.ground import Script, Scripts

SOURCE = r"""
import json, os, shutil, signal, subprocess, sys, time, urllib.request
from pathlib import Path

home = Path(os.environ["PLATFORM"])
script, instance = sys.argv[1:3]
mine = home / instance
with (home / "calls").open("a") as calls:
    calls.write(f"{script} {instance}\n")
mood_file = home / f"mood-{script}"
mood = mood_file.read_text().strip() if mood_file.exists() else ""
if mood == "hang":
    time.sleep(300)
if mood == "fail":
    sys.exit("the platform is away")
if mood == "nothing":
    sys.exit(0)


def taken(port):
    import socket
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state not in "ZX"
    except FileNotFoundError:
        return False


def deploy():
    port, version, line = int(sys.argv[3]), sys.argv[4], sys.argv[5]
    if taken(port):
        sys.exit(f"port {port} is taken by somebody else")
    shutil.rmtree(mine, ignore_errors=True)
    mine.mkdir(parents=True)
    # What is started here is the platform's, not part of the script.
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GONOGO_")}
    with (mine / "log").open("w") as log:
        child = subprocess.Popen(
            ["/bin/sh", "-c", f"({line}); echo $? >{mine}/code.new; mv {mine}/code.new {mine}/code"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            env={**kept, "VERSION": version},
        )
    known = {"pid": child.pid, "port": port, "version": version}
    (mine / "new").write_text(json.dumps(known))
    (mine / "new").rename(mine / "known")


def healthy(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1) as answer:
            return answer.status == 200
    except OSError:
        return False


def read():
    if mood == "garbage":
        print('{"state": "running", "healthy": tru')
        return
    if not (mine / "known").exists():
        print(json.dumps({"state": "absent"}))
        return
    known = json.loads((mine / "known").read_text())
    said = {"log": (mine / "log").read_text()}
    share = mine / "share"
    if os.environ.get("SHARES"):
        said["share"] = float(share.read_text()) if share.exists() else 0
    if (mine / "code").exists() or not alive(known["pid"]):
        code = int((mine / "code").read_text()) if (mine / "code").exists() else None
        if code is not None:
            said["exit_code"] = code
        print(json.dumps({"state": "failed", "detail": "its process ended", **said}))
        return
    well = healthy(known["port"])
    said["detail"] = "" if well else "it does not answer /health with 200"
    address = f"127.0.0.1:{known['port']}"
    said |= {"version": known["version"], "address": address}
    print(json.dumps({"state": "running", "healthy": well, **said}))


def retire():
    if not (mine / "known").exists():
        return
    pid = json.loads((mine / "known").read_text())["pid"]
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    while alive(pid):
        time.sleep(0.01)
    shutil.rmtree(mine)


def weight():
    (mine / "share").write_text(sys.argv[3])


{"deploy": deploy, "read": read, "retire": retire, "weight": weight}[script]()
if mood == "then-fail":
    sys.exit("the connection was lost")
"""

_PYTHON = shlex.quote(sys.executable)


def scripts(*, weight: bool = False, repeatable: bool = False, within: float = 20) -> Scripts:
    """The scripts of this platform, read at a quick pace."""
    limit = timedelta(seconds=within)
    run = f"{_PYTHON} -I platform.py"
    return Scripts(
        deploy=Script(f"{run} deploy {{instance}} {{port}} {{version}} {{run}}", limit),
        read=Script(f"{run} read {{instance}}", timedelta(seconds=10)),
        retire=Script(f"{run} retire {{instance}}", limit),
        weight=Script(f"{run} weight {{instance}} {{share}}", limit) if weight else None,
        repeatable=repeatable,
        every=timedelta(seconds=0.1),
        stale=timedelta(seconds=20),
    )


class Platform:
    """Its folder, seen from a test."""

    def __init__(self, home: Path) -> None:
        self.home = home
        home.mkdir(parents=True, exist_ok=True)
        self.variables = {"PLATFORM": str(home)}

    def mood(self, script: str, mood: str = "") -> None:
        """Let a script misbehave from now on, or be itself again."""
        file = self.home / f"mood-{script}"
        if mood:
            file.write_text(mood)
        else:
            file.unlink(missing_ok=True)

    def calls(self, script: str) -> int:
        """How often this script was begun."""
        file = self.home / "calls"
        lines = file.read_text().splitlines() if file.exists() else []
        return sum(line.startswith(f"{script} ") for line in lines)
