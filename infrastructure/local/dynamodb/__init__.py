"""DynamoDB's data plane, strict and metered, in the place of moto's."""
