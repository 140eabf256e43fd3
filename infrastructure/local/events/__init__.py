"""What AWS brings to functions by itself: events of rules, schedules and stream records."""
