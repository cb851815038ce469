"""Public holidays of a country, for a person to review and to write down.

What it is not: asked by any gate. Laws, regions and this library change; what closes a window is
what relman.toml says (W6).
"""

from __future__ import annotations

from relman.config.near import did_you_mean
from relman.config.schedule import Holiday
from relman.errors import Unreachable, UsageError

FIRST, LAST = 1970, 2100


def public(country: str, region: str, year: int) -> tuple[Holiday, ...]:
    """The public holidays of a year, by date, under the names that the country itself gives them.

    Args:
        country: ISO 3166-1, two letters: ``DE``.
        region: ISO 3166-2, the part behind the country: ``BE``; empty: those of the whole country.
        year: Which one.

    Raises:
        UsageError: There is no such country, region or year.
        Unreachable: The library is not installed.
    """
    try:
        import holidays
    except ImportError:
        raise Unreachable(
            "no public holidays are known here",
            fact="the library holidays is not installed",
            clears="pip install 'relman[holidays]'",
        ) from None
    known = holidays.list_supported_countries()
    _among("--country", country, list(known))
    _among("--region", region, ["", *known[country]])
    if not FIRST <= year <= LAST:
        raise UsageError("--year is out of reach", fact=f"{year} is not from {FIRST} to {LAST}")
    # Without a language it would be that of this machine, and the next person's diff another one.
    spoken = holidays.country_holidays(country).default_language
    found = holidays.country_holidays(country, subdiv=region or None, years=year, language=spoken)
    return tuple(Holiday(date=day, name=name) for day, name in sorted(found.items()))


def _among(flag: str, word: str, known: list[str]) -> None:
    if word not in known:
        told = ", ".join(one for one in known if one and (flag != "--country" or word[:1] == one[:1]))
        raise UsageError(
            f"{flag} is not known",
            fact=f"{word!r}{did_you_mean(word, known)}; known: {told or 'two letters, as DE'}",
        )
