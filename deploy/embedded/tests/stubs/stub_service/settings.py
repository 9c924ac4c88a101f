from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(extra="ignore", hide_input_in_errors=True)

    host: str = "127.0.0.1"
    port: int
    kafka_bootstrap_servers: str
    mongo_url: str
    s3_endpoint: str
    token_jwks_url: str
    gallery_url: str
    stub_journal: str = ""
    """A file to which every call of the supervisor is written."""
    stub_fails: bool = False
    stub_lingers_s: float = 0
    stub_leaves_a_task: bool = False
    """One that can't be ended."""


WorkerSettings = Settings


def write_down(settings: Settings, what: str) -> None:
    if settings.stub_journal:
        with open(settings.stub_journal, "a") as journal:
            journal.write(f"{what}\n")
