"""The small service's migration: `behaviour` says how it goes. Every run leaves a line in STATE."""

import os
import sys
import time
from pathlib import Path

BEHAVIOUR = (Path(__file__).parent / "behaviour").read_text().strip()
STATE = Path(os.environ["STATE"])
WHERE = f"{os.environ['VERSION']} in {sys.argv[1]}"

with (STATE / "migrations").open("a") as runs:
    runs.write(f"{WHERE}\n")
print("0001_orders: applied", flush=True)
if BEHAVIOUR == "migration fails":
    sys.exit("0002_tracking: table tracking exists already")
if BEHAVIOUR == "slow migration":
    for _ in range(3000):
        if (STATE / "let go").exists():
            break
        time.sleep(0.1)
print("0002_tracking: applied", flush=True)
