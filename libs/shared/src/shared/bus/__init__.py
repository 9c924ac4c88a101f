"""Kafka through FastStream: the broker, CloudEvents, consumers with positions, dead letters."""
