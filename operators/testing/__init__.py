"""Operators for tests of workflows."""
