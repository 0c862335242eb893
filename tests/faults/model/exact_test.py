"""Exact numbers: the rules of DOMAIN 6 on its own examples."""
import unittest

from .exact import (MICROS, add_days, half_up, iso_week, line_net, micros, minor_unit, part_of,
                    show,
                    tax_of)


class Exact(unittest.TestCase):
    def test_halves_go_away_from_zero(self):
        cent = minor_unit("EUR")
        self.assertEqual([10000, -10000, 0, 20000], [half_up(n, 1, cent) for n in (
            5000, -5000, 4999, 15000)])

    def test_three_pieces_are_billed_by_cumulated_amounts(self):
        cent = minor_unit("EUR")
        net = line_net(micros("3"), micros("3.335"), MICROS, 0, cent)
        self.assertEqual(micros("10.01"), net)
        so_far = [part_of(net, micros(str(n)), micros("3"), cent) for n in (0, 1, 2, 3)]
        self.assertEqual(["3.340000", "3.330000", "3.340000"],
                         [show(b - a) for a, b in zip(so_far, so_far[1:])])

    def test_tax_is_rounded_once_on_the_sum(self):
        cent = minor_unit("EUR")
        self.assertEqual(micros("0.19"), tax_of(3 * micros("0.33"), micros("0.19"), cent))

    def test_minor_units(self):
        self.assertEqual((1000000, 10000, 1000), tuple(map(minor_unit, ("JPY", "USD", "BHD"))))

    def test_texts(self):
        self.assertEqual(250000, micros("0.250"))
        self.assertEqual(0, micros(""))
        for text in ("1.0000001", "x"):
            with self.assertRaises(ValueError):
                micros(text)

    def test_days_and_weeks(self):
        self.assertEqual(20260302, add_days(20260131, 30))
        self.assertEqual(("2024-W05", "2026-W01", ""), tuple(map(iso_week,
                                                                 (20240131, 20251229, 0))))


if __name__ == "__main__":
    unittest.main()
