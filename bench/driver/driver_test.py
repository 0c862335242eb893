"""The driver's own parts, without servers: figures, tables, plots, requests, the README's marks."""
import decimal
import json
import os
import random
import struct
import tempfile
import types
import unittest
import xml.etree.ElementTree as xml

import chain
import figures
import main
import peer_load
import peer_medusa
import peer_tryton
import peer_vendure
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
        for name in [*main.RUNS, *main.ALSO]:
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


class Peers(unittest.TestCase):
    def loop(self, *works):
        machine = types.SimpleNamespace(cpu=dict, rss=dict)
        return peer_load.closed_loop(types.SimpleNamespace(machine=machine), 0.1, works)

    def test_what_a_closed_loop_finished_is_what_was_made(self):
        counts = [0, 0]

        def work(number):
            counts[number] += 1
            return 1
        told = self.loop(lambda: work(0), lambda: work(1))
        self.assertEqual(len(told["made"]), sum(counts))
        self.assertLessEqual(told["within"], sum(counts))
        self.assertGreater(told["per_second"], 0)
        self.assertEqual(told["problems"], [])

    def test_a_loop_whose_work_is_refused_ends_and_tells_why(self):
        def work():
            raise peer_load.Refused("no stock")
        told = self.loop(work)
        self.assertEqual(told["problems"], ["Refused: no stock"] * peer_load.ATTEMPTS)
        bench = figures.Bench("b", "A bench")
        peer_load.rows(bench, "orders", "orders", told)
        self.assertFalse(bench.sound)

    def test_a_share_of_few_values_is_one_of_them(self):
        self.assertEqual(peer_load.share_of([1, 2, 3], 0.5), 2)
        self.assertEqual(peer_load.share_of([1, 2, 3], 0.99), 3)
        self.assertEqual(peer_load.share_of([], 0.5), 0)

    def test_a_sale_says_what_its_lines_are_worth_with_tax(self):
        told = dict(customers=[(7, 8)], products=[(1, "2"), (2, "3")], unit=1, tax=5, term=6)
        values, worth = peer_tryton.sale(told, random.Random(1))
        lines = values["lines"][0][1]
        net = sum(one["quantity"] * decimal.Decimal(one["unit_price"]["decimal"]) for one in lines)
        self.assertEqual((values["party"], values["shipment_address"], len(lines)), (7, 8, 2))
        self.assertEqual(worth, net * decimal.Decimal("1.19"))

    def test_a_basket_says_what_it_is_worth_with_tax_and_shipping(self):
        told = dict(products=[("1", "11", 2), ("2", "12", 3)], shipping=500)
        items, worth = peer_vendure.basket(told, random.Random(1))
        prices = {"1": 2, "2": 3}
        self.assertEqual(worth, 500 + sum(119 * n * prices[variant] for variant, n in items))

    def test_a_cart_says_what_it_is_worth_with_shipping_and_tax(self):
        told = dict(products=[("a", "p", 2), ("b", "q", 3)], shipping=5, region="r",
                    customers=["c@example.com"])
        body, worth = peer_medusa.cart(told, random.Random(1))
        prices = {"a": 2, "b": 3}
        net = 5 + sum(one["quantity"] * prices[one["variant_id"]] for one in body["items"])
        self.assertEqual(worth, 119 * net)
        self.assertEqual(peer_medusa.cents(1.19 * net), worth)

    def test_kept_figures_of_a_peer_take_the_place_of_another_days(self):
        with tempfile.NamedTemporaryFile("w") as file:
            json.dump(dict(tryton=dict(
                title="Tryton 9.0: sales", conditions=dict(date="2027-01-02 03:04 UTC"),
                rows=[dict(unit="ms", values=[5]), dict(unit="orders/s", values=[1, 2, 3])])), file)
            file.flush()
            found = chain.peers_per_second(file.name)
        self.assertEqual(found["Tryton 9.0 (2027-01-02)"], 2)
        self.assertEqual(found["Vendure 3.7 (another day)"], 4.2)


if __name__ == "__main__":
    unittest.main()
