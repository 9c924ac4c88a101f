"""The system under test: every replica of every service, and every store, a process of its own."""

import asyncio
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.builds import SERVES_ONLY
from tests.chaos.process import Process
from tests.chaos.topics import make_topics
from tests.chaos.wire import Wire
from tests.chaos.wiring import LINKED, Wiring

from embedded.issuer import DevelopmentIssuer, TokenRequest
from embedded.ports import LOOPBACK, Ports
from embedded.preparation import prepare
from embedded.secret_file import Secrets, load_or_create
from embedded.services import PRODUCT
from embedded.store_kinds import KINDS, S3Keys
from embedded.stores import StoreAddresses
from embedded.surroundings import Surroundings

ROOT = Path(__file__).resolve().parents[2]
STORES = ("kafka", "kafka-front", "mongo", "s3")


@dataclass(frozen=True, slots=True)
class Shape:
    """What to run. `builds`: test builds that all services are of. `kafka`: a real cluster, else an embedded broker.

    On the embedded broker only the first replica of a service reads; see `tests.chaos.builds`.
    """

    replicas: Mapping[str, int] = field(default_factory=lambda: {"entitlement": 1, "gallery": 2, "download": 2})
    builds: tuple[str, ...] = ()
    kafka: str | None = None
    has_worker: bool = False


class Stack:
    """A running system; processes by their names: `gallery-1`, `download-2`, `mongo`, …"""

    def __init__(self, shape: Shape, folder: Path) -> None:
        self.shape = shape
        self.folder = folder
        self.wire = Wire()
        self._free = Ports()
        self.wiring = Wiring(self._free)
        self.processes: dict[str, Process] = {}
        self._ports: dict[str, int] = {}
        self._secrets: Secrets = load_or_create(folder)
        self._issuer = DevelopmentIssuer(self._secrets.issuer_private_key)
        self._store_ports = {name: self._free.take() for name in ("kafka", "mongo", "s3")}
        self._store_ports["kafka-front"] = self._store_ports["kafka"]

    @property
    def kafka(self) -> str:
        """Where the brokers are."""
        return self.shape.kafka or f"{LOOPBACK}:{self._store_ports['kafka']}"

    @property
    def title(self) -> str:
        """What it runs on, for reports: `embedded`, or `kafka` with its number of nodes."""
        return "embedded" if self.shape.kafka is None else f"kafka × {len(self.shape.kafka.split(','))}"

    @property
    def stores(self) -> StoreAddresses:
        """Where the stores are."""
        return StoreAddresses(
            self.kafka,
            f"mongodb://{LOOPBACK}:{self._store_ports['mongo']}/?directConnection=true",
            f"http://{LOOPBACK}:{self._store_ports['s3']}",
            self._secrets.s3_access_key,
            self._secrets.s3_secret_key,
        )

    def replicas(self, service: str) -> list[Process]:
        """Give the processes of a service."""
        return [self.processes[f"{service}-{n}"] for n in range(1, self.shape.replicas.get(service, 0) + 1)]

    @property
    def services(self) -> list[Process]:
        """Give the processes of all services."""
        return [process for service in self.shape.replicas for process in self.replicas(service)]

    def url(self, name: str) -> str:
        """Say where a replica listens."""
        return f"http://{LOOPBACK}:{self._ports[name]}"

    def token(self, user_id: str, *, operator: bool = False) -> str:
        """Sign somebody in."""
        return self._issuer.token(TokenRequest(user_id=user_id, roles=["operator"] if operator else [])).access_token

    async def start(self) -> None:
        """Start the stores, make what must be there, start the services."""
        (self.folder / "logs").mkdir(exist_ok=True)
        (self.folder / "run").mkdir(exist_ok=True)
        wanted = [name for name in STORES if self.shape.kafka is None or not name.startswith("kafka")]
        self.processes = {name: self._store(name) for name in wanted}
        names = [f"{service}-{n}" for service, count in self.shape.replicas.items() for n in range(1, count + 1)]
        self._ports = {name: self._free.take() for name in ["issuer", *names]}
        self.processes["issuer"] = self._issuing()
        await _all(self.processes[name].start() for name in [*wanted, "issuer"])
        await make_topics(self.kafka)
        await prepare(PRODUCT, self._environment("issuer", 1), rebuild=False, report=lambda _: None)
        await self.wiring.start()
        for name in names:
            self.processes[name] = self._service(name)
            if name in LINKED:
                await self.wiring.wire(name, self.processes[name].environment)
        if self.shape.has_worker:
            self.processes["generation-worker"] = self._worker()
        # The services first: who imports has no time to serve.
        await _all(process.start(120) for process in self.processes.values() if not process.is_running)

    async def end(self) -> None:
        """End everything: services first, so that they leave their groups while there is a broker."""
        try:
            await self._end_processes()
        finally:
            await self.wiring.end()

    async def _end_processes(self) -> None:
        await self.wire.aclose()
        for process in self.processes.values():
            process.thaw()
        stores = {*STORES, "issuer"}
        await _all(process.stop() for name, process in self.processes.items() if name not in stores)
        await _all(process.stop() for name, process in self.processes.items() if name in stores)

    def _store(self, name: str) -> Process:
        kind, data = KINDS[name], self.folder / name
        data.mkdir(exist_ok=True)
        port = self._store_ports[name]

        async def probe() -> bool:
            await kind.probe(port)
            return True

        keys = S3Keys(self._secrets.s3_access_key, self._secrets.s3_secret_key)
        return Process(name, kind.command(port, data), kind.environment(keys), self.folder, probe)

    def _issuing(self) -> Process:
        key = self.folder / "issuer.pem"
        key.touch(0o600)
        key.write_text(self._secrets.issuer_private_key)
        environment = {"ISSUER_KEY_FILE": str(key), "PORT": str(self._ports["issuer"]), **_IMPORTS}
        return Process(
            "issuer", _serving("issuer"), environment, self.folder, lambda: self._answers("issuer", "/dev/jwks")
        )

    def _service(self, name: str) -> Process:
        service, _, number = name.rpartition("-")
        builds = [*self.shape.builds]
        if self.shape.kafka is None and int(number) > 1:
            builds.append(SERVES_ONLY)
        command = [*_serving(service), *(("--build", ",".join(builds)) if builds else ())]
        return Process(
            name, command, self._environment(name, int(number)), self.folder, lambda: self._answers(name, "/readyz")
        )

    def _worker(self) -> Process:
        async def runs() -> bool:
            return True

        command = [sys.executable, "-m", "generation", "worker"]
        return Process("generation-worker", command, self._environment("issuer", 1), self.folder, runs)

    def _environment(self, name: str, number: int) -> dict[str, str]:
        # Each replica asks one replica of the others, the same for its whole life: what a frozen one does then shows.
        urls = {
            service: self.url(f"{service}-{(number - 1) % count + 1}")
            for service, count in self.shape.replicas.items()
            if count
        }
        surroundings = Surroundings(self.stores, self._secrets, self._ports["issuer"], "WARNING")
        # Only who is there can be waited for.
        there = [service for service in ("generation", "gallery", "download") if self.shape.replicas.get(service)]
        erasers = [f"{service}-eraser" for service in there if service != "gallery"]
        return {
            **surroundings.environment(self._ports[name], urls),
            "PLAN_ENFORCERS": ",".join(there),
            "ERASERS": ",".join(erasers),
            **_IMPORTS,
        }

    async def _answers(self, name: str, path: str) -> bool:
        return (await self.wire.ask("GET", self.url(name), path, timeout_s=2)).status == 200


_IMPORTS = {"PYTHONPATH": str(ROOT)}


def _serving(service: str) -> list[str]:
    return [sys.executable, "-m", "tests.chaos.serve", service]


async def _all(calls: "Sequence[object] | object") -> None:
    await asyncio.gather(*calls)  # type: ignore[misc]


@asynccontextmanager
async def running(shape: Shape, folder: Path) -> AsyncGenerator[Stack, None]:
    """Run a system until the context ends."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    stack = Stack(shape, folder)
    try:
        await stack.start()
        yield stack
    finally:
        await stack.end()
