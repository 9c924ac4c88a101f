"""The system in containers: docker-compose.yml as it is, started by testcontainers on free ports with fresh secrets."""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

# Both must be set before testcontainers is imported; containers are removed with their compose project instead.
os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")
os.environ.setdefault("TESTCONTAINERS_CONNECTION_MODE", "docker_host")

from minio import Minio
from testcontainers.compose import DockerCompose
from tests.e2e.stack import Stack

from embedded.ports import Ports
from provisioning import development_secrets
from shared.credentials import KafkaAccess

ROOT = Path(__file__).parents[2]
WANTED = "CONTAINERS"
REQUIRED = "CONTAINERS_REQUIRED"
_DOCKER_WITHIN_S = 15
_COMMAND_WITHIN_S = 600


def why_not() -> str | None:
    """Say why the containers can't run here; None: they can."""
    if os.environ.get(WANTED) != "1":
        return "containers: only `make e2e` starts them"
    if shutil.which("docker") is None:
        return "containers: Docker isn't installed here"
    try:
        subprocess.run(["docker", "compose", "version"], check=True, capture_output=True, timeout=_DOCKER_WITHIN_S)
        subprocess.run(["docker", "info"], check=True, capture_output=True, timeout=_DOCKER_WITHIN_S)
    except (OSError, subprocess.SubprocessError):
        return "containers: no Docker engine with compose answers here"
    return None


@dataclass
class Container:
    """One replica of a service."""

    id: str
    service: str
    state: str
    health: str


class System:
    """A running compose project."""

    def __init__(self, folder: Path, variables: dict[str, str]) -> None:
        self.secrets = folder / "secrets"
        free = Ports()
        self.ports = {kind: free.take() for kind in ("GATEWAY", "KAFKA", "MONGO", "S3")}
        self._variables = {
            "COMPOSE_PROJECT_NAME": self.project_name(),
            "COMPOSE_PROFILES": "development",
            "BUILT_IN_BILLING": "true",
            "SECRETS": str(self.secrets),
            "VERSION": "e2e",
            **{f"{kind}_PORT": str(port) for kind, port in self.ports.items()},
            **variables,
        }
        self._env_file = folder / "env"
        self._compose = DockerCompose(
            ROOT, env_file=[str(ROOT / ".env.example"), str(self._env_file)], build=True, wait=True
        )
        self._write_variables()

    @staticmethod
    def project_name() -> str:
        """Give the one name of this checkout: what a killed run left behind is found and removed by the next."""
        return f"pg-e2e-{hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]}"

    def start(self) -> None:
        """Make secrets, build the images of this tree, and start everything until it is healthy."""
        development_secrets.make(self.secrets)
        self.stop()
        try:
            self._compose.start()
        except subprocess.CalledProcessError as error:
            states = self.compose("ps", "--all", "--format", "{{.Service}}: {{.Status}}")
            logs = self.compose("logs", "--tail", "15", "--no-color")
            raise AssertionError(
                f"the containers didn't start: {error.stderr.decode()[-2000:]}\n{states}\n{logs}"
            ) from None

    def stop(self) -> None:
        """Remove the containers, networks and volumes of this project."""
        self._compose.stop()

    @property
    def address(self) -> str:
        """The gateway's."""
        return f"http://127.0.0.1:{self.ports['GATEWAY']}"

    @property
    def command(self) -> list[str]:
        """What runs docker compose on this project."""
        return list(self._compose.docker_compose_command())

    def compose(self, *arguments: str, within_s: float = _COMMAND_WITHIN_S) -> str:
        """Run docker compose on this project, and give what it printed."""
        done = subprocess.run(
            [*self.command, *arguments],
            check=True,
            capture_output=True,
            text=True,
            timeout=within_s,
            cwd=ROOT,
            env=self._environment(),
        )
        return done.stdout

    def containers(self, service: str) -> list[Container]:
        """Give the replicas of a service, oldest first."""
        lines = self.compose("ps", "--all", "--format", "json", service).splitlines()
        found = [json.loads(line) for line in lines]
        found.sort(key=lambda it: it["CreatedAt"])
        return [Container(it["ID"], it["Service"], it["State"], it["Health"]) for it in found]

    def scale(self, service: str, replicas: int) -> None:
        """Run that many replicas; new ones are healthy when this returns, and old ones have ended in order."""
        self.compose(
            *("up", "--detach", "--wait", "--no-deps", "--no-recreate", "--no-build"),
            *("--scale", f"{service}={replicas}", service),
        )

    def stack(self) -> Stack:
        """Give the system as the black-box tests know it."""
        return Stack(
            self.address,
            f"127.0.0.1:{self.ports['KAFKA']}",
            mongo_url=f"mongodb://root:{self.secret('mongo-setup/mongo_password')}@127.0.0.1:{self.ports['MONGO']}"
            "/?directConnection=true",
            kafka=self.kafka_as("admin", self.secret("kafka-setup/kafka_password"), "PLAIN"),
            containers=self,
        )

    def kafka_as(self, username: str, password: str, mechanism: str = "SCRAM-SHA-512") -> KafkaAccess:
        """Give Kafka's address on the host with somebody's credentials."""
        address = f"127.0.0.1:{self.ports['KAFKA']}"
        return KafkaAccess(address, "SASL_PLAINTEXT", mechanism, username, password)  # type: ignore[arg-type]

    def secret(self, name: str) -> str:
        """Read one of the development secrets."""
        return (self.secrets / name).read_text().strip()

    def objects(self) -> dict[str, bytes]:
        """Give every object in the object store."""
        client = Minio(
            f"127.0.0.1:{self.ports['S3']}",
            access_key="root",
            secret_key=self.secret("s3-setup/s3_secret_key"),
            secure=False,
            region="us-east-1",
        )
        found = {}
        for bucket in client.list_buckets():
            for item in client.list_objects(bucket.name, recursive=True):
                answer = client.get_object(bucket.name, str(item.object_name))
                found[f"{bucket.name}/{item.object_name}"] = answer.read()
                answer.close()
        return found

    def _write_variables(self) -> None:
        self._env_file.parent.mkdir(parents=True, exist_ok=True)
        self._env_file.write_text("".join(f"{name}={value}\n" for name, value in self._variables.items()))

    def _environment(self) -> dict[str, str]:
        # The environment goes before the files: let it name images and builds, and nothing that makes this project.
        return {name: value for name, value in os.environ.items() if name not in self._variables}


@contextmanager
def alone() -> Generator[None, None, None]:
    """Keep a second run of this checkout away: each would remove the other's containers.

    Raises:
        AssertionError: there is one already.
    """
    (ROOT / ".make").mkdir(exist_ok=True)
    with (ROOT / ".make/containers.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AssertionError("containers: another run of this checkout is using them; wait for its end") from None
        yield


@contextmanager
def running(folder: Path, **variables: str) -> Generator[System, None, None]:
    """Run the system until the context ends."""
    system = System(folder, variables)
    try:
        system.start()
        yield system
    finally:
        system.stop()
