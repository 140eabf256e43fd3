"""The REST API served as API Gateway does: routes, proxy events, its own answers."""
