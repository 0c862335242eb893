"""Writes the golden events that are missing: golden/<event type>.txtpb and .hex.

An event of each type with every field set, the same on every run. A file that is there is never
written again: it stands for the events that subscribers keep. `golden_test.py` reads them.
"""
import os

from google.protobuf import text_format

from protos import Protos

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden")
DEPTH_MAX = 7


def text_of(protos, field, n):
    rules = protos.rules(field)
    if rules.prefix:
        return rules.prefix + "01jd8zk3v0qweyrt56780000%02d" % (n % 100)
    if rules.uuid or field.name == "request_id":
        return "6ba7b810-9dad-41d1-80b4-00c04fd4%04d" % (n % 10000)
    if rules.currency or field.name == "currency":
        return "USD"
    if field.name == "country_code":
        return "DE"
    return "%s %d" % (field.name, n)


def fill_special(message, n):
    """The types whose values have a form of their own."""
    name = message.DESCRIPTOR.full_name
    if name == "google.type.Money":
        message.currency_code, message.units, message.nanos = "USD", n, 250000000
    elif name == "google.type.Decimal":
        message.value = "%d.25" % n
    elif name == "google.type.Date":
        message.year, message.month, message.day = 2025, n % 12 + 1, n % 28 + 1
    elif name == "google.protobuf.Timestamp":
        message.seconds, message.nanos = 1736899200 + n, 125000
    elif name == "google.protobuf.FieldMask":
        message.paths.extend(["display_name", "lines"])
    elif name == "tandem.type.v1.Quantity":
        message.value.value, message.unit = "%d.5" % n, "C62"
    else:
        return False
    return True


class Filler:
    """Sets every field to a value that counts up, so that no two fields are mistaken."""

    def __init__(self, protos):
        self.protos = protos
        self.n = 0

    def scalar(self, field):
        self.n += 1
        if field.enum_type is not None:
            numbers = [v.number for v in field.enum_type.values if v.number]
            return numbers[self.n % len(numbers)]
        if field.type == field.TYPE_STRING:
            return text_of(self.protos, field, self.n)
        if field.type == field.TYPE_BYTES:
            return b"bytes %d" % self.n
        return True if field.type == field.TYPE_BOOL else self.n

    def fill(self, message, depth=0, skip=()):
        self.n += 1
        if fill_special(message, self.n) or depth > DEPTH_MAX:
            return message
        for field in message.DESCRIPTOR.fields:
            if field.name in skip:
                continue
            inside = field.message_type
            if inside is not None and inside.GetOptions().map_entry:
                value = inside.fields_by_name["value"]
                target = getattr(message, field.name)
                if value.message_type is None:
                    target["en"] = self.scalar(value)
                else:
                    self.fill(target["en"], depth + 1)
            elif field.is_repeated:
                for _ in range(2):
                    if inside is None:
                        getattr(message, field.name).append(self.scalar(field))
                    else:
                        self.fill(getattr(message, field.name).add(), depth + 1)
            elif inside is not None:
                part = getattr(message, field.name)
                part.SetInParent()
                self.fill(part, depth + 1)
            elif field.containing_oneof is None or len(field.containing_oneof.fields) == 1 or \
                    message.WhichOneof(field.containing_oneof.name) is None:
                setattr(message, field.name, self.scalar(field))
        return message


def event_of(protos, event, what):
    """A whole event of one type."""
    others = [f.name for f in what.containing_oneof.fields if f.name != what.name]
    return Filler(protos).fill(protos.new(event)(), skip=others)


def path_of(what, suffix):
    return os.path.join(FOLDER, what.message_type.full_name + suffix)


def main():
    protos = Protos()
    os.makedirs(FOLDER, exist_ok=True)
    for event, what in protos.event_types():
        if os.path.exists(path_of(what, ".txtpb")):
            continue
        message = event_of(protos, event, what)
        with open(path_of(what, ".txtpb"), "w", encoding="utf-8") as out:
            out.write("# proto-message: %s\n%s" % (event.full_name, text_format.MessageToString(
                message, as_utf8=True)))
        data = message.SerializeToString(deterministic=True).hex()
        with open(path_of(what, ".hex"), "w", encoding="ascii") as out:
            out.writelines(data[i:i + 96] + "\n" for i in range(0, len(data), 96))
        print("wrote", what.message_type.full_name)


if __name__ == "__main__":
    main()
