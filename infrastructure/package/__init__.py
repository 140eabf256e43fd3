"""Builds what is deployed, and deploys it: archives, layers and templates in `dist/`, by pip and the AWS CLI."""
