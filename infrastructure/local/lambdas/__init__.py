"""The Lambda service: functions in worker processes or threads, with their logs."""
