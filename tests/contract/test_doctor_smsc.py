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


@pytest.fixture(autouse=True)
def password(settings: Settings) -> Path:
    settings.secrets.mkdir(mode=0o700)
    file = settings.secrets / "smsc-a"
    file.touch(mode=0o600)
    file.write_text("password")
    return file


def test_what_smpp_cannot_carry_is_known_before_the_service_starts(
    settings: Settings, password: Path
) -> None:
    with pytest.raises(Ill, match="system_id must be at most 15"):
        seen(settings, system_id="a-name-that-is-long")
    with pytest.raises(Ill, match="is not a number in E"):
        seen(settings, source="Über uns")
    password.write_text("longer-than-8")
    with pytest.raises(Ill, match="password must be at most 8"):
        seen(settings)


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
