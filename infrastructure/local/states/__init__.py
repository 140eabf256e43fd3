"""Step Functions: moto's executing parser with all its mends, by subject."""
