"""I5: the two copies of each customer and product are equal in the fields of DOMAIN 10, nothing is
stuck, and what lost is kept.

`customers` and `products` compare the lists; `stuck` reads the adapters' own account; `Writes`
follows the journals of both sides for the last thing that somebody wrote of each field.
"""
import json
import re

from .exact import micros, money, quantity
from .result import Result
from .world import enum

# customer.Customer against billing.Customer: fields that are compared as they are.
CUSTOMER_SAME = ("customer_number display_name language parent_customer_id invoice_email email "
                 "website currency debtor_number").split()
CUSTOMER_ENUMS = "kind tax_status delivery_policy".split()
CUSTOMER_GROUPS = ("order_block delivery_block dunning_block exemption payment_terms "
                   "credit_policy").split()
PRODUCT_SAME = ("sku tax_class category origin_country_code customs_code base_unit sales_unit gtin"
                ).split()


def phone(text):
    """Digits and a leading plus: how phones are compared."""
    return re.sub(r"[^0-9+]", "", text)


def group(message):
    """A field group as a value; an absent one is an empty one."""
    return message.SerializeToString(deterministic=True)


def decimal(message):
    return micros(message.value)


def asked(w, part):
    """{id of a copy: its field groups that an open conflict is about}; such a field stays different
    until a person decides."""
    found = {}
    for open_, _, foreign_id, field, _, _, key in w.sync.get(part, {}).get("conflicts", ()):
        if open_:
            record = w.sync[part]["records"].get(key.split("|")[0])
            for link in record[1] if record else ((None, foreign_id),):
                found.setdefault(link[1], set()).add(field.split("/")[0])
    return found


class Fields:
    """Compares named fields of one record, but those that a person is asked about."""

    def __init__(self, r, what, but):
        self.r, self.what, self.but = r, what, but

    def same(self, expected, got, name):
        if name not in self.but:
            self.r.same(expected, got, self.what, name)


def customers(w):
    """Each customer that is no prospect, here and there."""
    r = Result("I5 customers, CRM and ERP")
    but = asked(w, "customer_sync")
    links = _links(w, "customer_sync", "customer", "billing")
    there = dict(w.debtors_customers)
    for c in w.customers.values():
        other = links.get(c.id, c.id) if links is not None else c.id
        b = there.pop(other, None)
        status = "INACTIVE" if c.inactive and enum(c, "state") == "CUSTOMER" else enum(c, "state")
        if b is None:
            r.holds(status != "CUSTOMER", c.customer_number, "is not in the ERP")
            continue
        f = Fields(r, c.customer_number, but.get(c.id, ()))
        for name in CUSTOMER_SAME:
            if name == "parent_customer_id":
                parent = links.get(c.parent_customer_id, c.parent_customer_id) if links else (
                    c.parent_customer_id)
                f.same(parent, b.parent_customer_id, name)
            else:
                f.same(getattr(c, name), getattr(b, name), name)
        f.same(c.legal_name or c.display_name, b.legal_name or b.display_name, "legal_name")
        f.same(phone(c.phone), phone(b.phone), "phone")
        for name in CUSTOMER_ENUMS:
            f.same(enum(c, name), enum(b, name), name)
        for name in CUSTOMER_GROUPS:
            if name == "credit_policy":
                f.same((enum(c.credit_policy, "kind"), group(c.credit_policy.limit)),
                       (enum(b.credit_policy, "kind"), group(b.credit_policy.limit)), name)
            elif name == "payment_terms":
                f.same((c.payment_terms.net_days, c.payment_terms.discount_days,
                        decimal(c.payment_terms.discount_rate)),
                       (b.payment_terms.net_days, b.payment_terms.discount_days,
                        decimal(b.payment_terms.discount_rate)), name)
            else:
                f.same(group(getattr(c, name)), group(getattr(b, name)), name)
        f.same({a.address_id: (enum(a, "purpose"), group(a.address), a.name) for a in c.addresses},
               {a.address_id: (enum(a, "purpose"), group(a.address), a.name) for a in b.addresses},
               "addresses" if "bill_to_addresses" not in f.but else "bill_to_addresses")
        f.same({(t.country_code, t.scheme): (t.value, t.verified) for t in c.tax_ids},
               {(t.country_code, t.scheme): (t.value, t.verified) for t in b.tax_ids}, "tax_ids")
        f.same(status, enum(b, "status"), "status")
        f.same(c.archived, b.archived, "archived")
        _account(r, w, b)
    for b in there.values():
        if _deleted(w, b.id):  # billing keeps what it had, out of use
            r.holds(b.archived, b.customer_number or b.id, "is deleted in the CRM and not archived")
        else:
            r.holds(enum(b, "status") == "PROSPECT", b.customer_number or b.id,
                    "is in the ERP and not in the CRM")
    return r


def _deleted(w, customer):
    f = w.sales_facts.get(customer)
    return f is not None and f.deleted


def _account(r, w, b):
    """The ERP's customer mirrors its first open account."""
    a = w.accounts.get(b.account_id)
    if enum(b, "status") == "CUSTOMER" and not b.account_id:
        open_ = [x.id for x in w.accounts.values() if x.customer == b.id and x.state == "OPEN"]
        r.holds(not open_, b.customer_number, "answers with no account and has", open_)
    if a is None:
        return
    limited = enum(b.credit_policy, "kind") != "UNLIMITED"
    r.same((a.customer, a.number, a.currency, a.limit, a.state),
           (b.id, b.debtor_number, b.currency, money(b.credit_policy.limit) if limited else None,
            "OPEN"), b.customer_number, "mirrors its account", a.id)


def products(w):
    """Each product and its catalogue item."""
    r = Result("I5 products, ERP and CRM")
    but = asked(w, "product_sync")
    items = {}
    for c in w.items.values():
        if c.product_id:
            r.holds(items.setdefault(c.product_id, c) is c, c.sku, "is a second item of",
                    c.product_id)
    of_item = {c.id: c.product_id for c in w.items.values()}
    for p in w.products.values():
        c = items.pop(p.id, None)
        if not r.holds(c is not None, p.sku, "is not in the catalogue"):
            continue
        f = Fields(r, p.sku, but.get(p.id, ()))
        for name in PRODUCT_SAME:
            f.same(getattr(p, name), getattr(c, name), name)
        if p.kind and c.kind:
            f.same(enum(p, "kind"), enum(c, "kind"), "kind")
        f.same(enum(p, "state"), enum(c, "state"), "state")
        for name in ("names", "descriptions", "attributes"):
            f.same(dict(getattr(p, name)), dict(getattr(c, name)), name)
        for name in ("weight", "volume"):
            f.same((quantity(getattr(p, name)), getattr(p, name).unit),
                   (quantity(getattr(c, name)), getattr(c, name).unit), name)
        f.same({(u.unit, u.numerator, u.denominator) for u in p.units},
               {(u.unit, u.numerator, u.denominator) for u in c.units}, "units")
        for name in ("order_multiple", "order_minimum"):
            f.same(decimal(getattr(p, name)), decimal(getattr(c, name)), name)
        f.same(_price(p.list_price), _price(c.list_price), "list_price")
        f.same(_offered(p), _offered(c), "offered")
        for name in ("variant_of", "replaced_by"):
            f.same(getattr(p, name), of_item.get(getattr(c, name), getattr(c, name)), name)
    for product in items:
        r.bad(items[product].sku, "is in the catalogue, of", product, "which is not there")
    return r


def _price(x):
    return group(x.amount), quantity(x.per), x.per.unit


def _offered(x):
    """Absent is offered."""
    if not x.HasField("offered"):
        return True, b"", b""
    return x.offered.on, group(getattr(x.offered, "from")), group(x.offered.to)


def _links(w, part, system, other):
    """id in one system → id in the other, by the adapter's records."""
    records = w.sync.get(part, {}).get("records")
    if records is None:
        return None
    found = {}
    for links in records.values():
        ids = {link[0]: link[1] for link in links[1]}
        if ids.get(system) and ids.get(other):
            found[ids[system]] = ids[other]
    return found


def read_sync(source, w, parts=("customer_sync", "product_sync")):
    """What the adapters say: status, records that are not in step, refused writes, open
    conflicts."""
    for part in parts:
        service = "tandem.master_data.v1.%sService/" % "".join(
            word.capitalize() for word in part.split("_"))
        kept = w.sync[part] = {"records": {}, "refused": {}, "conflicts": []}
        kept["status"] = source.call(part, service + "GetSyncStatus")
        for m in source.list(part, service + "ListRecords", "records"):
            kept["records"][m.id] = (m.in_step, tuple(
                (x.system, x.foreign_id, tuple(x.waiting_for), x.refused_reason,
                 tuple(x.refused_groups), x.call) for x in m.links), m.calls, m.open_conflicts,
                m.held_back)
        for m in source.list(part, service + "ListRefusedProposals", "refused_proposals"):
            kept["refused"].setdefault((m.system, m.foreign_id, m.field), []).append(
                (m.refused_value, m.change_id))
        for m in source.list(part, service + "ListConflicts", "conflicts"):
            kept["conflicts"].append((m.open, m.system, m.foreign_id, m.field, m.proposed_value,
                                      m.change_id, m.id))


def stuck(w):
    """Every record is in step, or a person is asked; nothing is under way, nothing refused for
    good."""
    r = Result("I5 nothing is stuck")
    for part, kept in w.sync.items():
        asked = {c[6].split("|")[0] for c in kept["conflicts"] if c[0]}
        for key, (in_step, links, calls, conflicts, held_back) in kept["records"].items():
            what = part, key, links[0][1] if links else ""
            if any(_put_away(w, link) for link in links):
                r.compared += 1
                continue
            r.holds(in_step or conflicts or key in asked, *what, "is not in step")
            r.holds(not calls, *what, "has calls under way")
            for system, foreign_id, waiting, reason, groups, _ in links:
                r.holds(not reason, part, system, foreign_id, "refused", groups, reason)
                r.holds(not waiting or conflicts, part, system, foreign_id, "waits for", waiting)
        status = kept["status"]
        r.same((len(kept["records"]), sum(x[0] for x in kept["records"].values())),
               (status.records, status.in_step), part, "records, in step, as its status says")
        r.say(part, "refused writes", sum(map(len, kept["refused"].values())), "conflicts",
              len(kept["conflicts"]))
    return r


def _put_away(w, link):
    """A copy whose delete was refused: its system keeps it, archived; `customers` sees to that."""
    return link[4] == ("existence",) and _deleted(w, link[1])


class Writes:
    """The last value that somebody (not the adapter) wrote of each single-valued field, on each
    side. When all is quiet it stands on both sides, or the other side showed it once and wrote
    another since, or it is kept as a refused write or a conflict."""

    SIDES = {("customer", "tandem.customer.v1.Customer"): ("customer_sync", "customer"),
             ("billing", "tandem.billing.v1.Customer"): ("customer_sync", "billing"),
             ("inventory", "tandem.inventory.v1.Product"): ("product_sync", "inventory"),
             ("opportunity", "tandem.opportunity.v1.CatalogueItem"): ("product_sync",
                                                                      "opportunity")}
    FIELDS = {"customer_sync": ("display_name invoice_email phone email website language").split(),
              "product_sync": ("category tax_class sales_unit customs_code").split()}
    # Maps: each of their keys is a field, "names/en".
    MAPS = {"customer_sync": (), "product_sync": ("names", "descriptions")}

    def __init__(self):
        self.r = Result("I5 what lost is kept")
        self.last = {}  # (part, system, id, field) → value
        self.shown = {}  # the same key → the value that it shows
        self.values = {}  # the same key → every value that it ever showed

    def see(self, e, m, what, entity):
        side = self.SIDES.get((e.source.rpartition("/")[2], entity.DESCRIPTOR.full_name))
        if side is None:
            return
        part, system = side
        changed = {path.split(".")[0] for path in m.changed.paths}
        made = not changed and e.entity_version == 1
        fields = [(name, getattr(entity, name)) for name in self.FIELDS[part]
                  if made or name in changed]
        fields += [("%s/%s" % (name, k), v) for name in self.MAPS[part] if made or name in changed
                   for k, v in getattr(entity, name).items()]
        for name, value in fields:
            key = part, system, e.subject, name
            before = self.shown.get(key, "")
            self.shown[key] = value
            self.values.setdefault(key, set()).add(value)
            if m.meta.actor != part and value != before:
                self.last[key] = value

    def finish(self, w):
        links = {}
        conflicts = {}
        for part, kept in w.sync.items():
            for _, system, record, field, value, _, _ in kept["conflicts"]:
                conflicts.setdefault((part, system, record, field), set()).add(_plain(value))
        for (part, system, record, field), value in self.last.items():
            kept = w.sync.get(part)
            if kept is None:
                continue
            systems = ("customer", "billing") if part == "customer_sync" else (
                "inventory", "opportunity")
            other = systems[1 - systems.index(system)]
            if (part, system) not in links:
                links[part, system] = _links(w, part, system, other)
            there = links[part, system].get(record)
            if there is None:
                continue  # a prospect, or a record that never reached the other side
            self.r.compared += 1
            form = phone if field == "phone" else (lambda x: x)
            shown = {form(v) for v in self.values.get((part, other, there, field), ())}
            if form(value) in shown:
                continue
            kept_values = {_plain(v) for v, _ in kept["refused"].get((system, record, field), ())}
            kept_values |= conflicts.get((part, system, record, field), set())
            if value not in kept_values and form(value) not in map(form, kept_values):
                self.r.bad(part, system, record, field, repr(value), "was written last,",
                           "never reached", other, "and is not kept as refused")
        return self.r


def _plain(text):
    """A value in words: JSON text or plain."""
    if text[:1] == '"':
        try:
            return json.loads(text)
        except ValueError:
            pass
    return text
