"""The driver's own parts, without servers: figures, tables, plots, requests, the README's marks."""
import os
import struct
import tempfile
import unittest
import xml.etree.ElementTree as xml

import figures
import main
import plot


class Figures(unittest.TestCase):
    def bench(self):
        bench = figures.Bench("b", "A bench")
        bench.check("it adds up", True, 3)
        bench.row("done", "per second", [100.0, 200.0, 150.0], "the limit", [100.0, 100.0, 100.0],
                  "≥ 1")
        bench.use("done", 1000, {"server": 0.5, "idle": 0.0}, {"server": 12.0})
        bench.plot("p", "A plot", "x", "y", {"a": [(1, 2), (10, 4)]}, True)
        return bench

    def test_ratios_are_taken_round_by_round(self):
        self.assertEqual(self.bench().rows[0]["ratios"], [1.0, 2.0, 1.5])

    def test_a_table_shows_median_and_spread(self):
        text = figures.tables(self.bench().json())
        self.assertIn("| done | 150 (100–200) per second | the limit: 100 | 1.50 (1.00–2.00) |",
                      text)
        self.assertIn("server 500", text)
        self.assertNotIn("idle", text)

    def test_a_bench_that_does_not_add_up_shows_no_figure(self):
        bench = self.bench()
        bench.check("sent = found", False, "3, 2")
        self.assertNotIn("rows", bench.json())
        self.assertNotIn("150", figures.tables(bench.json()))
        self.assertIn("sent = found: 3, 2", figures.tables(bench.json()))

    def test_a_bench_without_checks_shows_no_figure(self):
        bench = figures.Bench("b", "A bench")
        bench.row("done", "per second", [1.0])
        self.assertNotIn("rows", bench.json())


class Plots(unittest.TestCase):
    def test_a_plot_is_xml_with_a_line_for_each_name(self):
        for log_x in (False, True):
            tree = xml.fromstring(plot.svg(dict(title="A & B", x="x", y="y", log_x=log_x, lines={
                "a": [[1, 2], [512, 4]], "b": [[1, None], [512, 1]]})))
            lines = tree.findall("{http://www.w3.org/2000/svg}polyline")
            self.assertEqual(len(lines), 2)

    def test_ticks_are_round_and_cover(self):
        self.assertEqual(plot.ticks(0, 9500), [0, 2000, 4000, 6000, 8000, 10000])
        self.assertGreaterEqual(plot.ticks(3, 17)[-1], 17)

    def test_nothing_to_plot_is_no_error(self):
        xml.fromstring(plot.svg(dict(title="t", x="x", y="y", log_x=True, lines={"a": []})))


class Readme(unittest.TestCase):
    def test_figures_stand_between_their_marks(self):
        kept = {"b": dict(Figures().bench().json(), conditions=main.conditions("quick"))}
        text = main.with_figures("x\n<!-- figures b -->\nold\n<!-- end -->\ny\n"
                                 "<!-- figures c -->\n<!-- end -->\n", kept)
        self.assertTrue(text.startswith("x\n<!-- figures b -->\nTaken "))
        self.assertIn("![A plot](plots/p.svg)", text)
        self.assertNotIn("old", text)
        self.assertIn("No figures yet.\n<!-- end -->", text)
        self.assertEqual(main.with_figures(text, kept), text)

    def test_every_bench_has_its_place(self):
        with open(os.path.join(main.BENCH, "README.md")) as file:
            text = file.read()
        for name in [*main.BENCHES, *main.ALSO]:
            self.assertIn("<!-- figures %s -->" % name, text)


class Requests(unittest.TestCase):
    def test_the_places_are_where_the_texts_stand(self):
        from load import ORDER, UUID, Orders, write_requests
        orders = Orders(5, 5, count=3)
        with tempfile.NamedTemporaryFile() as file:
            write_requests(file.name, orders.singles(ORDER))
            data = file.read()
        value, places = struct.unpack_from("<qI", data)
        self.assertEqual(value, orders.net(orders.orders[0]))
        kinds = dict(struct.unpack_from("<II", data, 12 + 8 * i) for i in range(places))
        body = data[12 + 8 * places + 4:]
        self.assertEqual(body[kinds[1]:kinds[1] + 36].decode(), UUID)
        self.assertEqual(body[kinds[3]:kinds[3] + 30].decode(), ORDER)

    def test_the_tax_of_every_order_is_exact(self):
        from load import Orders
        for order in Orders(100, 100, count=200).orders:
            self.assertEqual(Orders.net(order) * 119 % 100, 0)
            self.assertEqual(Orders.gross(order) % 10_000, 0)


if __name__ == "__main__":
    unittest.main()
