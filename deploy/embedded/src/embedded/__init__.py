"""The whole system in one process on embedded stores: for trying out, developing and testing."""
