"""Run as a script between the supervisor and a child: asks the kernel to end the child with its parent.

`python -I -S leash.py PARENT_PID PROGRAM ARGUMENT…` becomes the program: same process, same pid. A script of its own,
because Python code between fork and exec (`preexec_fn`) isn't safe in a process with threads. Where there is no
such request (macOS) the pid files alone find the children of a dead run.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(parent: int, program: str, arguments: list[str]) -> None:
    """Become `program`; end instead if `parent` is gone already."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:  # it ended before the request was in place
            sys.exit(1)
    os.execv(program, [program, *arguments])  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
