"""Free ports: each is given once, and none on which somebody listens."""

import pytest

from embedded.errors import PortError
from embedded.ports import Ports, listen_on


def test_no_port_is_given_twice() -> None:
    first = Ports().take()
    ports = Ports(first, first)
    assert ports.take() == first
    with pytest.raises(PortError, match=f"between {first} and {first}"):
        ports.take()


def test_no_port_is_given_on_which_somebody_listens() -> None:
    taken = Ports().take()
    with listen_on(taken), pytest.raises(PortError):
        Ports(taken, taken).take()
