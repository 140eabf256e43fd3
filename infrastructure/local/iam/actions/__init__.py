"""Which actions on which resources each API operation asks for, service by service.

After the Service Authorization Reference, https://docs.aws.amazon.com/service-authorization/latest/reference/.
"""
