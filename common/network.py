"""What an address says about who shares it."""

import ipaddress


def neighbourhood(address: str) -> str:
    """An address as far as one household has it to itself: of IPv6 the first 64 bits."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if parsed.version == 4:
        return str(parsed)
    return str(parsed.ipv4_mapped or ipaddress.ip_network((parsed, 64), strict=False).network_address)
