"""How long the certificate of the desk's address is good for."""

import asyncio
from datetime import timedelta
from pathlib import Path

from gonogo.domain.health import Finding, Health
from gonogo.ports.clock import Clock

_SOON = timedelta(days=21)
_REMEDY = "renew it, then start the desk again"


class CertificateCheckup:
    """Reads the certificate from its file at every look: it is renewed while the desk runs."""

    def __init__(self, file: Path, clock: Clock) -> None:
        self._file = file
        self._clock = clock

    async def look(self) -> tuple[Finding, ...]:
        """One finding."""
        return (await asyncio.to_thread(self._look),)

    def _look(self) -> Finding:
        from cryptography import x509

        try:
            found = x509.load_pem_x509_certificate(self._file.read_bytes())
        except (OSError, ValueError) as error:
            detail = f"{self._file} cannot be read as a certificate: {error}"
            return Finding("certificate", Health.CRITICAL, detail, _REMEDY)
        end = found.not_valid_after_utc
        left = end - self._clock.now()
        detail = f"{self._file} is good until {end:%Y-%m-%d}"
        if left <= timedelta():
            return Finding("certificate", Health.CRITICAL, f"{detail}: it has expired", _REMEDY)
        if left < _SOON:
            said = f"{detail}: that is in {left.days} days"
            return Finding("certificate", Health.RECOMMENDED, said, _REMEDY)
        return Finding("certificate", Health.GOOD, detail)
