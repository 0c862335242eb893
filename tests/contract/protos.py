"""Tandem's protos as protoc reads them: descriptors, options, messages by name, lines in files.

Nothing is generated: one run of protoc gives the descriptors of the tree as it stands, and what the
contract tests say of a method or field is found there.
"""
import os
import subprocess
import tempfile

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# google.api.FieldBehavior.
OPTIONAL, REQUIRED, OUTPUT_ONLY, INPUT_ONLY, IMMUTABLE, IDENTIFIER = 1, 2, 3, 4, 5, 8


def _compile():
    proto = os.path.join(ROOT, "proto")
    files = sorted(
        os.path.relpath(os.path.join(folder, name), proto)
        for folder, _, names in os.walk(proto) for name in names if name.endswith(".proto"))
    # What the tests decode beside our own.
    files += ["google/rpc/error_details.proto", "google/rpc/status.proto"]
    with tempfile.NamedTemporaryFile(suffix=".fds") as out:
        subprocess.run(
            ["protoc", "--include_imports", "--include_source_info",
             "--descriptor_set_out=" + out.name, "-I" + proto,
             "-I" + os.path.join(ROOT, "build/third_party/googleapis"), *files], check=True)
        return descriptor_pb2.FileDescriptorSet.FromString(out.read())


class Protos:
    """The descriptors of proto/, with what they import."""

    def __init__(self):
        self.set = _compile()
        self.pool = descriptor_pool.DescriptorPool()
        self.lines = {}
        self.places = {}
        for file in self.set.file:
            for location in file.source_code_info.location:
                self.lines[file.name, tuple(location.path)] = location
            self._index(file)
            self.pool.Add(file)
        self.files = [self.pool.FindFileByName(f.name) for f in self.set.file
                      if f.name.startswith("tandem/")]
        self._options = {}
        self._classes = {}

    def new(self, name):
        """A message class, by full name or descriptor."""
        descriptor = self.pool.FindMessageTypeByName(name) if isinstance(name, str) else name
        if descriptor.full_name not in self._classes:
            self._classes[descriptor.full_name] = message_factory.GetMessageClass(descriptor)
        return self._classes[descriptor.full_name]

    def option(self, descriptor, kind, name):
        """The value of an extension of google.protobuf.<kind>Options, as a message or value."""
        key = (descriptor.full_name, name)
        if key not in self._options:
            parsed = self.new("google.protobuf.%sOptions" % kind).FromString(
                descriptor.GetOptions().SerializeToString())
            self._options[key] = parsed.Extensions[self.pool.FindExtensionByName(name)]
        return self._options[key]

    def behaviors(self, field):
        return list(self.option(field, "Field", "google.api.field_behavior"))

    def rules(self, field):
        return self.option(field, "Field", "tandem.options.v1.rules")

    def emits(self, method):
        return list(self.option(method, "Method", "tandem.options.v1.emits").types)

    def event(self, message):
        return self.option(message, "Message", "tandem.options.v1.event")

    def reads(self, method):
        return method.GetOptions().idempotency_level == 1  # NO_SIDE_EFFECTS

    # --- walking ----------------------------------------------------------------------------

    def messages(self):
        def walk(message):
            yield message
            for nested in message.nested_types:
                if not nested.GetOptions().map_entry:
                    yield from walk(nested)
        for file in self.files:
            for message in file.message_types_by_name.values():
                yield from walk(message)

    def enums(self):
        for file in self.files:
            yield from file.enum_types_by_name.values()
        for message in self.messages():
            yield from message.enum_types

    def services(self):
        for file in self.files:
            yield from file.services_by_name.values()

    def methods(self):
        for service in self.services():
            yield from service.methods

    def event_messages(self):
        return [m for m in self.messages() if self.event(m).topic]

    def event_types(self):
        """(event message, the field of its oneof that holds the type), in order."""
        for message in self.event_messages():
            for oneof in message.oneofs:
                if oneof.name == "what":
                    for field in oneof.fields:
                        yield message, field

    # --- where ------------------------------------------------------------------------------

    def _index(self, file):
        """Each name's place in its file, as source information counts."""
        def put(name, path, item):
            self.places[name] = (file.name, path)
            for i, field in enumerate(getattr(item, "field", ())):
                self.places[name + "." + field.name] = (file.name, path + (2, i))
            for i, method in enumerate(getattr(item, "method", ())):
                self.places[name + "." + method.name] = (file.name, path + (2, i))
            for i, nested in enumerate(getattr(item, "nested_type", ())):
                put(name + "." + nested.name, path + (3, i), nested)
            for i, enum in enumerate(getattr(item, "enum_type", ())):
                put(name + "." + enum.name, path + (4, i), enum)
        for number, items in ((4, file.message_type), (5, file.enum_type), (6, file.service)):
            for i, item in enumerate(items):
                put(file.package + "." + item.name, (number, i), item)
        self.places[file.name] = (file.name, (2,))  # its package line

    def _location(self, descriptor):
        name = getattr(descriptor, "full_name", None) or descriptor.name
        file, path = self.places[name]
        return file, self.lines.get((file, path))

    def where(self, descriptor):
        name, location = self._location(descriptor)
        return "proto/%s:%d" % (name, location.span[0] + 1 if location else 1)

    def comment(self, descriptor):
        _, location = self._location(descriptor)
        return location.leading_comments if location else ""
