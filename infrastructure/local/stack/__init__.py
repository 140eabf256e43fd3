"""The engine's stack, deployed into the embedded AWS from the production template."""
