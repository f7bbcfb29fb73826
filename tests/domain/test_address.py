import pytest

from gonogo.domain.address import host_port, split
from gonogo.domain.errors import InvalidInput


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [("127.0.0.1:8000", "127.0.0.1", 8000), ("[FD00:0::2]:65535", "fd00::2", 65535)],
)
def test_an_address_is_read_and_written_in_one_way(text, host, port):
    assert split(text) == (host, port)
    assert split(host_port(host, port)) == (host, port)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("8000", "no address with a port"),
        ("127.0.0.1:70000", "no address with a port"),
        ("127.0.0.1:٣", "no address with a port"),
        ("localhost:8000", "names are not resolved"),
        ("10.0.0.300:80", "is no IP address"),
        ("::1:8000", "not clear where"),
        ("0.0.0.0:80", "nobody can be reached"),
        ("[::ffff:10.0.0.1]:80", "means something else"),
        ("[fe80::1%eth0]:80", "means something else"),
    ],
)
def test_what_is_no_address_of_one_machine_is_refused_in_words(text, said):
    with pytest.raises(InvalidInput, match=said):
        split(text)
