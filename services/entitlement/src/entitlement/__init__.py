"""Entitlement service."""
