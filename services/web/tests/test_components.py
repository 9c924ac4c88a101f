"""The page's own tests, run by the Node of the set-up: `npm run test` in services/web for some of them."""

import os
import subprocess
import sys
from pathlib import Path

WEB = Path(__file__).parents[1]


def test_the_pages_components_pass_their_tests() -> None:
    tools = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}", "CI": "1", "NO_COLOR": "1"}
    command = [str(tools / "npm"), "--prefix", str(WEB), "run", "--silent", "test"]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=110, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
