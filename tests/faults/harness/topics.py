"""What faults do to Kafka's topics: copies of what is there, and what never should be."""
import asyncio
import os
import time

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

PATIENCE_S = 10


class Topics:
    def __init__(self, bootstrap, rng):
        self.bootstrap, self.rng = bootstrap, rng
        self.poisoned = set()
        self.settings = {"bootstrap.servers": bootstrap, "log_level": 0}

    def _consumer(self):
        return Consumer(dict(self.settings, **{"group.id": "faults-%d" % os.getpid(),
                                               "enable.auto.commit": False}))

    def _partitions(self, consumer):
        """{(topic, partition): (first, behind the last)} of ours that hold something."""
        found = {}
        for name, topic in consumer.list_topics(timeout=PATIENCE_S).topics.items():
            if name.startswith("tandem."):
                for partition in topic.partitions:
                    low, high = consumer.get_watermark_offsets(
                        TopicPartition(name, partition), timeout=PATIENCE_S)
                    if high > low:
                        found[name, partition] = low, high
        return found

    def _read(self, consumer, topic, partition, offset, count):
        consumer.assign([TopicPartition(topic, partition, offset)])
        messages, end = [], time.monotonic() + PATIENCE_S
        while len(messages) < count and time.monotonic() < end:
            got = consumer.consume(count - len(messages), timeout=0.5)
            if not got:
                break
            messages.extend(m for m in got if m.error() is None)
        consumer.unassign()
        return messages

    def _send(self, items):
        """Writes (topic, partition, key, value, headers); answers where the broker put them:
        [(topic, partition, offset)]."""
        producer = Producer(dict(self.settings, **{"acks": "all", "linger.ms": 5,
                                                   "message.max.bytes": 2 << 20}))
        taken = []

        def told(error, message):
            if error is None:
                taken.append((message.topic(), message.partition(), message.offset()))
        for topic, partition, key, value, headers in items:
            producer.produce(topic, partition=partition, key=key, value=value, headers=headers,
                             on_delivery=told)
            producer.poll(0)
        producer.flush(PATIENCE_S)
        return taken

    def _again(self, partitions, from_start):
        consumer = self._consumer()
        try:
            there = self._partitions(consumer)
            chosen = self.rng.sample(sorted(there), min(partitions, len(there)))
            messages = []
            for topic, partition in chosen:
                low, high = there[topic, partition]
                count = min(high - low, self.rng.randrange(20, 200))
                offset = low if from_start else max(low, high - count)
                messages += self._read(consumer, topic, partition, offset, count)
        finally:
            consumer.close()
        return self._send(self.copies(messages))

    def copies(self, messages):
        """What is sent of them: not of poison, whose copies would be in places nobody knows."""
        items = [(m.topic(), m.partition(), m.key(), m.value(), m.headers()) for m in messages
                 if (m.topic(), m.partition(), m.offset()) not in self.poisoned
                 for _ in range(self.rng.randrange(1, 5))]
        self.rng.shuffle(items)  # across keys, and within them
        return items

    async def again(self, partitions, from_start):
        """Copies of messages, byte for byte, out of order. Answers how many."""
        return len(await asyncio.to_thread(self._again, partitions, from_start))

    def partitions(self, topic):
        """How many it has."""
        consumer = self._consumer()
        try:
            return len(consumer.list_topics(topic, timeout=PATIENCE_S).topics[topic].partitions)
        finally:
            consumer.close()

    def _poison(self):
        consumer = self._consumer()
        rng = self.rng
        try:
            there = self._partitions(consumer)
            items = []
            for topic, partition in rng.sample(sorted(there), min(6, len(there))):
                low, high = there[topic, partition]
                real = self._read(consumer, topic, partition, rng.randrange(low, high), 1)
                if not real:
                    continue
                key, value, headers = real[0].key(), real[0].value(), real[0].headers() or []
                unknown = [(k, b"tandem.nobody.v1.Unheard" if k == "ce_type" else v)
                           for k, v in headers]
                broken = [(k, v[:len(v) // 2] if k == "tandem_chain" else v) for k, v in headers]
                items += [
                    (topic, partition, key, rng.randbytes(200), headers),        # garbage
                    (topic, partition, key, value[:len(value) // 2], headers),   # cut off
                    (topic, partition, key, None, headers),                      # nothing
                    (topic, partition, key, value, []),                          # no headers
                    (topic, partition, key, value, headers[:len(headers) // 2]),
                    (topic, partition, key, value, unknown),
                    (topic, partition, key, value, broken),
                    (topic, partition, b"another key", value, headers),
                    (topic, partition, None, value, headers),
                    (topic, partition, b"x", rng.randbytes(1000000), [("ce_id", b"\xff\xfe")]),
                ]
        finally:
            consumer.close()
        return self._send(items)

    async def poison(self):
        """Where it is: [(topic, partition, offset)]."""
        taken = await asyncio.to_thread(self._poison)
        self.poisoned.update(taken)
        return taken

    async def forget_beyond(self):
        """The topics may have lost their ends: what was there is poison no more."""
        def look():
            consumer = self._consumer()
            try:
                return self._partitions(consumer)
            finally:
                consumer.close()
        there, end = None, time.monotonic() + 4 * PATIENCE_S
        while there is None:
            try:
                there = await asyncio.to_thread(look)
            except KafkaException:  # it has only just begun
                if time.monotonic() > end:
                    raise
                await asyncio.sleep(0.3)
        self.poisoned = {(topic, partition, offset) for topic, partition, offset in self.poisoned
                         if offset < there.get((topic, partition), (0, 0))[1]}
