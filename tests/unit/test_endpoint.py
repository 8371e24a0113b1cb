"""The names by which trunks are dialled, and told from a channel."""

from ivr.domain import endpoint


def test_the_trunk_of_a_channel_is_that_which_its_endpoint_is_named_after() -> None:
    for trunk in ("sip-a", "to", "carrier_2", "to-b"):
        name = endpoint.endpoint(trunk)
        assert endpoint.trunk(f"PJSIP/{name}-0000001f") == trunk
        assert endpoint.channel(trunk, "+4940808077555") == f"PJSIP/+4940808077555@{name}"


def test_what_is_left_of_an_endpoints_name_behind_its_first_at_is_no_endpoint() -> None:
    """On this a redirection ends: Asterisk takes what is before the first @ for a number."""
    trunks = ("sip-a", "to", "carrier_2")
    names = {endpoint.endpoint(trunk) for trunk in trunks}
    assert not {name.partition("@")[2] for name in names} & names
