"""Events that were published once are read for good.

golden/ holds an event of every type, as bytes that a subscriber may have kept and as the text of
what they mean. The bytes, read with the protos of now, are that message: no field has gone, moved
or changed its type.
"""
import glob
import os
import sys
import unittest

from google.protobuf import text_format, unknown_fields

from make_golden import FOLDER, path_of
from protos import Protos

PROTOS = Protos()


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def unknown_in(message, path=""):
    """The numbers of fields that the protos of now do not know."""
    for field in unknown_fields.UnknownFieldSet(message):
        yield "%s#%d" % (path, field.field_number)
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        if field.message_type.GetOptions().map_entry:
            if field.message_type.fields_by_name["value"].message_type is None:
                continue
            value = value.values()
        elif not field.is_repeated:
            value = [value]
        for item in value:
            yield from unknown_in(item, path + field.name + ".")


def differences(want, got, path=""):
    """The paths where two messages of one type differ."""
    for field in want.DESCRIPTOR.fields:
        if field.message_type is None or field.is_repeated:
            if getattr(want, field.name) != getattr(got, field.name):
                yield path + field.name
        elif want.HasField(field.name) != got.HasField(field.name):
            yield path + field.name
        elif want.HasField(field.name):
            yield from differences(getattr(want, field.name), getattr(got, field.name),
                                   path + field.name + ".")


class Golden(unittest.TestCase):
    """All of them, each by its own name."""

    def test_every_event_type_has_one(self):
        types = {what.message_type.full_name for _, what in PROTOS.event_types()}
        there = {os.path.basename(p)[:-len(".txtpb")] for p in glob.glob(FOLDER + "/*.txtpb")}
        self.assertGreater(len(types), 50)
        self.assertEqual(types - there, set(), "run tests/contract/make_golden.py, and keep them")
        self.assertEqual(there - types, set(), "an event type has gone: subscribers have kept it")

    def test_the_bytes_mean_what_they_meant(self):
        for event, what in PROTOS.event_types():
            with self.subTest(what.message_type.full_name):
                got = PROTOS.new(event).FromString(bytes.fromhex(read(path_of(what, ".hex"))))
                want = text_format.Parse(read(path_of(what, ".txtpb")), PROTOS.new(event)(),
                                         descriptor_pool=PROTOS.pool)
                self.assertEqual(list(unknown_in(got)), [])
                self.assertEqual(list(differences(want, got)), [])
                self.assertEqual(got, want)
                self.assertEqual(got.WhichOneof("what"), what.name)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + (["-v"] if len(sys.argv) == 1 else sys.argv[1:]))
