// A peer: Fastify and @platformatic/kafka. Verifies a delivery, publishes its bytes and an event for each message, answers 200 once
// Kafka has acknowledged all of them.
import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto'
import { ProduceAcks, Producer } from '@platformatic/kafka'
import fastify from 'fastify'

const { APP_SECRET, BROKERS, PORT, RAW_TOPIC, TYPED_TOPIC } = process.env
// The client has no linger of its own: what comes within a millisecond is sent in one call.
const LINGER_MS = 1

const producer = new Producer({ clientId: 'peer', bootstrapBrokers: BROKERS.split(',') })
let waiting = []

function publish (records) {
  return new Promise((resolve, reject) => {
    waiting.push({ records, resolve, reject })
    if (waiting.length === 1) setTimeout(send, LINGER_MS)
  })
}

function send () {
  const calls = waiting
  waiting = []
  // Only here: the acks of the constructor are not looked at.
  producer.send({ acks: ProduceAcks.ALL, messages: calls.flatMap((call) => call.records) }).then(
    () => { for (const call of calls) call.resolve() },
    (error) => { for (const call of calls) call.reject(error) })
}

function isSigned (header, body) {
  if (!header?.startsWith('sha256=')) return false
  const claimed = Buffer.from(header.slice(7), 'hex')
  const digest = createHmac('sha256', APP_SECRET).update(body).digest()
  return claimed.length === digest.length && timingSafeEqual(claimed, digest)
}

function events ({ object, entry = [] }) {
  const deliveryid = randomUUID()
  return entry.flatMap(({ id: account, messaging = [] }) => messaging.map((item) => {
    const key = `${account}:${item.sender?.id}`
    const event = {
      specversion: '1.0', id: item.message?.mid, type: 'com.meta.message.v1', source: `/meta/${object}/${account}`, subject: key,
      time: item.timestamp, datacontenttype: 'application/json', metaobject: object, metaaccount: account, deliveryid, data: item
    }
    return { topic: TYPED_TOPIC, key: Buffer.from(key), value: Buffer.from(JSON.stringify(event)) }
  }))
}

const app = fastify({ bodyLimit: 4 << 20 })
app.removeAllContentTypeParsers()
app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
app.post('/webhook', async ({ headers, body }, reply) => {
  if (!isSigned(headers['x-hub-signature-256'], body)) return reply.code(401).send()
  let records
  try {
    records = [{ topic: RAW_TOPIC, value: body }, ...events(JSON.parse(body))]
  } catch {
    return reply.code(400).send()
  }
  try {
    await publish(records)
  } catch {
    return reply.code(503).send()
  }
  return reply.send()
})
await app.listen({ host: '127.0.0.1', port: Number(PORT) })
