"""Two settings have a stack parameter, too. A setting made through the API counts until the parameter is changed.

So each setting is kept with the parameter that it was made beside, and the sweep, in which alone this is done, lets a
parameter that has become another one win. Not whoever reads first: while a stack is updated, functions with the old
parameter and with the new one serve side by side, and would undo each other. Sweeps are five minutes apart.
What was never set needs nothing: it is the parameter.
"""

from __future__ import annotations

import logging

from chalicelib.aws.settings import settings
from chalicelib.executions import retention
from chalicelib.system import store
from chalicelib.system.configuration import CAP
from chalicelib.system.store import Kept, SettingMoved

_LOG = logging.getLogger("mediawright.system")


def sweep() -> dict[str, int]:
    """Let changed parameters take effect. It is no repair."""
    try:
        _sweep_cap(settings().max_concurrent_workflows)
    finally:
        _sweep_retention(settings().retention_days)
    return {}


def _sweep_cap(parameter: int) -> None:
    kept = store.kept_cap()
    if kept is None or kept.parameter == parameter:
        return
    try:
        store.renew_cap(_value(kept, parameter), kept, parameter)
    except SettingMoved:
        return
    _LOG.info("%s follows the stack's parameter: %d", CAP, parameter)


def _sweep_retention(parameter: int) -> None:
    kept = store.kept_configuration(retention.SETTING)
    if kept is None or kept.parameter == parameter:
        return
    document = {"Name": retention.SETTING, "Value": _value(kept, parameter)}
    try:
        store.renew_configuration(document, kept, parameter)
    except SettingMoved:
        return
    _LOG.info("%s follows the stack's parameter: %d", retention.SETTING, parameter)


def _value(kept: Kept, parameter: int) -> int:
    """A setting that is older than this bookkeeping stays: nobody knows what the parameter was."""
    return kept.value if kept.parameter is None else parameter
