"""Exact numbers: micros (six decimals) as integers, currencies' minor units, half-up rounding.

Nothing here rounds but `half_up`, and nothing is a float.
"""
import datetime
from decimal import Decimal, InvalidOperation

MICROS = 1000000
# ISO 4217: currencies whose minor unit is not a hundredth.
EXPONENTS = {
    **dict.fromkeys(("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF").split(),
                    0),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
    **dict.fromkeys("CLF UYW".split(), 4),
}
_texts = {"": 0}


def minor_unit(currency):
    """A currency's smallest amount, in micros."""
    return 10 ** (6 - EXPONENTS.get(currency, 2))


def micros(text):
    """The micros of a decimal text; ValueError for one with more than six decimals."""
    value = _texts.get(text)
    if value is None:
        try:
            scaled = Decimal(text).scaleb(6)
            value = int(scaled)
            if value != scaled:
                raise ValueError("more than six decimals: " + text)
        except InvalidOperation:
            raise ValueError("not a decimal: %r" % text) from None
        if len(_texts) < 200000:
            _texts[text] = value
    return value


def money(message):
    """The micros of a google.type.Money; ValueError where nanos are not whole micros."""
    nanos = message.nanos
    if nanos % 1000:
        raise ValueError("nanos %d are not a multiple of 1,000" % nanos)
    return message.units * MICROS + nanos // 1000


def quantity(message):
    """The micros of a tandem.type.v1.Quantity, its unit aside."""
    return micros(message.value.value)


def half_up(numerator, denominator, unit=1):
    """numerator ÷ denominator, to a multiple of `unit`; a half goes away from zero."""
    if denominator < 0:
        numerator, denominator = -numerator, -denominator
    denominator *= unit
    whole = (2 * abs(numerator) + denominator) // (2 * denominator) * unit
    return whole if numerator >= 0 else -whole


def line_net(quantity_, price, per, discount, unit):
    """DOMAIN 6.2: quantity × price ÷ per × (1 − discount), rounded once. All in micros."""
    return half_up(quantity_ * price * (MICROS - discount), per * MICROS, unit)


def part_of(net, part, whole, unit):
    """DOMAIN 6.4: what of a line's net stands for `part` of `whole`, cumulated."""
    return half_up(net * part, whole, unit) if whole else 0


def tax_of(base, rate, unit):
    """DOMAIN 6.5: the tax of one code, on the sum of its nets. Rate in micros."""
    return half_up(base * rate, MICROS, unit)


def date(message):
    """A google.type.Date as 20240131; 0 when absent."""
    return message.year * 10000 + message.month * 100 + message.day


def add_days(day, days):
    moved = datetime.date(day // 10000, day // 100 % 100, day % 100) + datetime.timedelta(days)
    return moved.year * 10000 + moved.month * 100 + moved.day


def iso_week(day):
    """ "2024-W05" of 20240131; "" of 0. """
    if not day:
        return ""
    year, week, _ = datetime.date(day // 10000, day // 100 % 100, day % 100).isocalendar()
    return "%04d-W%02d" % (year, week)


def show(value):
    """Micros for a person."""
    return "%s%d.%06d" % ("-" if value < 0 else "", abs(value) // MICROS, abs(value) % MICROS)
