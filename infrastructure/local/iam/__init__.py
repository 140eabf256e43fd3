"""Holds the stack's roles to their policies: what a role isn't granted is refused as AWS refuses it, and recorded."""
