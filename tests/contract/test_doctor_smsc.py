"""`tocsin doctor` looks at each SMSC as the link will."""

from pathlib import Path

import pytest
from smsc.peer import NpmSmsc
from test_smpp_tls import certificate

from ivr.cli.doctor import _smsc
from ivr.cli.ill import Ill
from ivr.config import Settings
from ivr.config.sms import Smsc


def seen(settings: Settings, **keys: object) -> str:
    return _smsc(settings, Smsc(**{"name": "a", "host": "127.0.0.1", "system_id": "tocsin"} | keys))  # type: ignore[arg-type]


def test_an_smsc_that_answers(settings: Settings, tmp_path: Path) -> None:
    pem = certificate(tmp_path, "IP:127.0.0.1")
    smsc, safe = NpmSmsc(), NpmSmsc(pem)
    assert seen(settings, port=smsc.port).endswith("answers")
    assert seen(settings, port=safe.port, tls=True, ca=pem).endswith("its certificate is good")
    with pytest.raises(Ill, match="certificate is refused"):
        seen(settings, port=safe.port, tls=True)
    for one in (smsc, safe):
        one.kill()
    with pytest.raises(Ill, match="cannot connect"):
        seen(settings, port=smsc.port)
