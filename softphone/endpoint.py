"""The pjsua2 endpoint of a robot: UDP on loopback, A-law, no sound device, no threads of its own.

Owns its settings; must not know accounts or calls.
Rules: ecosystem facts of pjsua2: one endpoint a process, polled from the main thread.
"""

import contextlib
import os
from collections.abc import Iterator

import pjsua2 as pj

CODEC = "PCMA/8000"


def open_endpoint(host: str, port: int, log_file: str) -> pj.Endpoint:
    """A started endpoint on UDP host:port with A-law only and no sound device; raises pj.Error when the port is taken."""
    endpoint = pj.Endpoint()
    with _quiet_stderr():
        endpoint.libCreate()  # chats on stderr: its log level can be set only afterwards
    config = pj.EpConfig()
    config.uaConfig.threadCnt, config.uaConfig.mainThreadOnly = 0, True
    config.uaConfig.userAgent = "robot"
    config.medConfig.clockRate, config.medConfig.ecTailLen, config.medConfig.noVad = 8000, 0, True
    # A sound device that closes when nobody talks stops the clock by which ended calls leave the conference: after 254 of them the phone answers 488
    config.medConfig.sndAutoCloseTime = -1
    config.logConfig.level, config.logConfig.consoleLevel = (5 if log_file else 0), 0
    config.logConfig.filename = log_file
    endpoint.libInit(config)
    transport = pj.TransportConfig()
    transport.port, transport.boundAddress = port, host
    endpoint.transportCreate(pj.PJSIP_TRANSPORT_UDP, transport)
    endpoint.libStart()
    endpoint.audDevManager().setNullDev()
    for codec in endpoint.codecEnum2():
        endpoint.codecSetPriority(codec.codecId, 255 if codec.codecId.startswith(CODEC) else 0)
    return endpoint


@contextlib.contextmanager
def _quiet_stderr() -> Iterator[None]:
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
