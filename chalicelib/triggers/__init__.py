"""What starts runs by itself: objects that arrive, events, messages of a topic, the clock."""
