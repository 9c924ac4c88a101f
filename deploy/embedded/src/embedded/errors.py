"""What ends a run before or after it is ready; the message is the one sentence that the person reads.

EmbeddedError
├── SettingError   the environment asks for something that doesn't fit together
├── PortError      PORT can't be listened on
├── DataDirError   DATA_DIR is foreign, broken, in use, full or not writable
├── StoreError     an embedded store doesn't start, or ended by itself
└── ServiceError   a service or its set-up doesn't start
"""


def in_brief(error: BaseException) -> str:
    """Give an error as part of a sentence: its kind and first line; the rest is the log's."""
    first = str(error).partition("\n")[0][:200]
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


class EmbeddedError(Exception):
    """Ends the run with exit code 1."""


class SettingError(EmbeddedError):
    """The environment asks for something that doesn't fit together."""


class PortError(EmbeddedError):
    """PORT can't be listened on."""


class DataDirError(EmbeddedError):
    """DATA_DIR is foreign, broken, in use, full or not writable."""


class StoreError(EmbeddedError):
    """An embedded store doesn't start, or ended by itself."""


class ServiceError(EmbeddedError):
    """A service or its set-up doesn't start."""
