// Confluent's own client for Node: reads requests, one JSON object a line, and answers each in one.
const {
  AvroDeserializer, AvroSerializer, Compatibility, SchemaRegistryClient, SerdeType,
} = require('@confluentinc/schemaregistry');

const client = new SchemaRegistryClient(
  { baseURLs: [process.argv[2]], createAxiosDefaults: { timeout: 5000 } });
const reader = new AvroDeserializer(client, SerdeType.VALUE, {});
const writer = new AvroSerializer(client, SerdeType.VALUE,
  { useLatestVersion: true, autoRegisterSchemas: false });

const numbers = (key, value) => (typeof value === 'number' && !Number.isFinite(value) ? String(value) : value);

const requests = {
  // reads a record and writes the same again
  async copy({ topic, bytes }) {
    const record = await reader.deserialize(topic, Buffer.from(bytes, 'hex'));
    return { record, bytes: (await writer.serialize(topic, record)).toString('hex') };
  },
  // register, look up, check and list
  async contract({ subject, schema, later, other }) {
    const told = {};
    const avro = text => ({ schema: text, schemaType: 'AVRO' });
    told.id = await client.register(subject, avro(schema));
    told.lookedUp = await client.getId(subject, avro(schema));
    told.byId = (await client.getBySubjectAndId(subject, told.id)).schema;
    told.latest = (await client.getLatestSchemaMetadata(subject)).version;
    told.versions = await client.getAllVersions(subject);
    told.subjects = await client.getAllSubjects();
    await client.updateConfig(subject, { compatibility: Compatibility.FULL_TRANSITIVE });
    told.fits = await client.testCompatibility(subject, 1, avro(later));
    told.fitsNot = await client.testCompatibility(subject, 1, avro(other));
    told.refused = await client.register(subject, avro(other)).then(() => 0, e => e.status);
    told.unknown = await client.getLatestSchemaMetadata('nobody-value').then(() => 0, e => e.errorCode);
    return told;
  },
};

(async () => {
  for await (const line of require('readline').createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    const answer = await requests[request.do](request).catch(e => ({ error: String(e.stack) }));
    console.log(JSON.stringify(answer, numbers));
  }
})();
