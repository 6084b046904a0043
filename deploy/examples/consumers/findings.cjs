#!/usr/bin/env node
// Prints the findings of Plumbline, one JSON object a line: findings.cjs [BROKER [REGISTRY]] [--once]
// --once ends at the last finding there is now; otherwise it goes on for ever.
const { Kafka, logLevel } = require('kafkajs');
const { SchemaRegistry } = require('@kafkajs/confluent-schema-registry');

const [broker = '127.0.0.1:9092', registryUrl = 'http://127.0.0.1:8081'] =
  process.argv.slice(2).filter(it => it !== '--once');
const once = process.argv.includes('--once');
const topic = 'plumbline.findings';

async function main() {
  const kafka = new Kafka({ clientId: 'findings', brokers: [broker], logLevel: logLevel.ERROR });
  const registry = new SchemaRegistry({ host: registryUrl });

  const admin = kafka.admin();
  await admin.connect();
  const ends = new Map((await admin.fetchTopicOffsets(topic)).map(it => [it.partition, Number(it.high)]));
  await admin.disconnect();

  // a group of its own, so that it reads everything and disturbs nobody
  const consumer = kafka.consumer({ groupId: `findings-${process.pid}-${Date.now()}` });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });

  const left = new Set([...ends].filter(([, end]) => end > 0).map(([partition]) => partition));
  const finished = new Promise(resolve => {
    if (left.size === 0) resolve();
    // offsets, for a transaction's marker takes one too and is never shown
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
      if (Number(payload.lastOffset) + 1 >= ends.get(payload.partition)) left.delete(payload.partition);
      if (left.size === 0) resolve();
    });
  });
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    console.error(payload.error.stack);
    process.exit(1);
  });
  await consumer.run({
    eachMessage: async ({ message }) => {
      if (message.value !== null) {
        console.log(JSON.stringify(await registry.decode(message.value)));
      }
    },
  });
  await (once ? finished : new Promise(() => {}));
  await consumer.disconnect();
}

main().catch(e => {
  console.error(e.message);
  process.exit(1);
});
