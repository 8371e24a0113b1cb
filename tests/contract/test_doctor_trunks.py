"""`tocsin doctor` looks at the certificates and the forms of numbers of trunks."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from certificates import DAY, Authority

from ivr.cli import main

CONFIG = """
network: {name: Net, hotline: "+4940808077555"}
trunks:
- {name: sip-a, host: 127.0.0.1, lines: 4}
- {name: sip-b, host: sip.example.net, lines: 4, tls: true, ca: ca.pem, certificate: ours.pem, key: ours.key}
"""


def checked(home: Path, capsys: pytest.CaptureFixture[str], text: str = CONFIG) -> tuple[bool, str]:
    (home / "tocsin.yaml").write_text(text)
    capsys.readouterr()
    main(["--config", str(home / "tocsin.yaml"), "doctor", "--json"])
    checks = {check["name"]: check for check in json.loads(capsys.readouterr().out)["checks"]}
    return checks["trunks"]["ok"], checks["trunks"]["detail"]


def certified(home: Path, expires: timedelta) -> None:
    Authority(home, "ca").certify("ours", "127.0.0.1", expires)


def test_a_certificate_that_is_good_for_long(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    certified(tmp_path, 100 * DAY)
    well, detail = checked(tmp_path, capsys)
    assert well
    assert detail.startswith("sip-a; sip-b, TLS, our certificate is good until 20")


@pytest.mark.parametrize("days", [20, -1])
def test_a_certificate_that_ends_soon_is_spoken_of(
    days: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    certified(tmp_path, days * DAY)
    well, detail = checked(tmp_path, capsys)
    assert not well
    assert "trunk sip-b" in detail and "have it renewed" in detail


def test_a_missing_one_and_a_form_that_there_is_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    well, detail = checked(tmp_path, capsys)
    assert (well, "trunk sip-b: ca: No such file" in detail) == (False, True)
    brazil = CONFIG.replace("lines: 4}", "lines: 4, numbers: {called: national, country: BR}}")
    well, detail = checked(tmp_path, capsys, brazil)
    assert (well, "BR has several international prefixes" in detail) == (False, True)
