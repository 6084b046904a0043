#!/usr/bin/env python3
"""Prints the findings of Plumbline, one JSON object a line: findings.py [BROKER [REGISTRY]] [--once]

--once ends at the last finding there is now; otherwise it goes on for ever.
Needs confluent-kafka with its Avro part (Debian: python3-confluent-kafka python3-avro python3-requests).
"""
import json
import sys
import uuid

from confluent_kafka import Consumer, KafkaError, KafkaException
from confluent_kafka.avro.cached_schema_registry_client import CachedSchemaRegistryClient
from confluent_kafka.avro.serializer.message_serializer import MessageSerializer

once = "--once" in sys.argv
places = [it for it in sys.argv[1:] if it != "--once"] + [None, None]
broker = places[0] or "127.0.0.1:9092"
registry = places[1] or "http://127.0.0.1:8081"

values = MessageSerializer(CachedSchemaRegistryClient({"url": registry}))
consumer = Consumer({
    "bootstrap.servers": broker,
    # a group of its own, so that it reads everything and disturbs nobody
    "group.id": "findings-" + uuid.uuid4().hex,
    "auto.offset.reset": "earliest",
    "isolation.level": "read_committed",
    "enable.partition.eof": True,
    "enable.auto.commit": False,
})
consumer.subscribe(["plumbline.findings"])
ended = set()
while not once or not ended or len(ended) < len(consumer.assignment()):
    message = consumer.poll(1.0)
    if message is None:
        continue
    if message.error():
        if message.error().code() != KafkaError._PARTITION_EOF:
            raise KafkaException(message.error())
        ended.add(message.partition())
    elif message.value() is not None:
        print(json.dumps(values.decode_message(message.value()), default=str), flush=True)
consumer.close()
