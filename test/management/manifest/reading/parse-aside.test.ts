import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { parseManifests } from '../../../../src/management/manifest/reading/parse.ts'
import { parseManifestsAside } from '../../../../src/management/manifest/reading/parse-aside.ts'
import { checkManifest } from '../../../../src/management/manifest/validate.ts'

/** Too long for the thread of the caller. */
const long = (content: string): string => `${content}\n${'# '.padEnd(100, 'x').concat('\n').repeat(1_000)}`

const files = [
  {
    name: 'a/one.yaml',
    content: long(`
manifest: one
apis:
  - { audience: "https://a", scopes: [{ name: read }], token: { preset: envoy } }
clients:
  - client_id: a
    scopes: [read]
    credentials:
      - { label: file, secret_file: secret }
      - { label: old, secret_hash: "$2b$10$abcdefghijklmnopqrstuuR4PMmmYC4hO2pGzHqJ1HZl8lXUpRY4S" }
      - { label: other, secret_hash: "$pbkdf2-sha256$i=25000,l=32$c2FsdHNhbHRzYWx0$${'A'.repeat(43)}" }
      - { label: dated, federated: { issuer: "https://ci.example.com", audience: x, subject: y }, expires: 90d }`),
  },
  {
    name: 'b.yaml',
    content: 'manifest: two\nclients: [{ client_id: b }]\ntests: [{ client: b, refused: invalid_scope }]',
  },
]

test('a long manifest has the same contents and places as one that is parsed at once', async () => {
  const once = parseManifests(files)
  const aside = await parseManifestsAside(files)
  expect(aside.manifest).toStrictEqual(once.manifest)
  for (const path of [['apis', 0], ['clients', 0], ['clients', 1], ['tests', 0], []]) {
    expect(aside.locate(path)).toEqual(once.locate(path))
    expect(aside.fileOf(path)).toBe(once.fileOf(path))
    expect(aside.errorAt(path, 'is wrong').message).toBe(once.errorAt(path, 'is wrong').message)
  }
})

test('a mistake that is found later has the line of its API, client or test, and keeps no request waiting', async () => {
  const clients = Array.from({ length: 2_000 }, (_, index) => `  - { client_id: c${index}, scopes: [none] }`)
  const content = `# before\n${['clients:', ...clients].join('\n')}`
  const parsing = performance.now()
  const aside = await parseManifestsAside([{ name: 'm', content }])
  const checking = performance.now()
  const { outside } = checkManifest(aside)
  expect(performance.now() - checking).toBeLessThan((checking - parsing) / 2)
  expect(outside).toContain('m:102:5: clients[99].scopes[0]: no API has the scope "none"')
  expect(aside.errorAt(['tests'], 'are wrong').message).toBe('m:1:1: tests: are wrong')
})

test('requests are handled while a long manifest is parsed', async () => {
  const clients = Array.from({ length: 2_000 }, (_, index) => `  - client_id: c${index}`)
  let isParsing = true
  const parsing = parseManifestsAside([{ name: 'm', content: long(['clients:', ...clients].join('\n')) }]).finally(
    () => {
      isParsing = false
    },
  )
  let turns = 0
  for (; isParsing; turns += 1) await nextTurn()
  expect((await parsing).manifest.clients).toHaveLength(clients.length)
  expect(turns).toBeGreaterThan(20)
})

test.each([
  ['its fields', 'clients: [{ client_id: a, nothing: 1 }, { client_id: b, scopes: 1 }]'],
  ['its syntax', 'clients: [{'],
  ['its size', ''],
])('a long manifest with a mistake in %s is refused in the same words', async (_name, content) => {
  const wrong = [{ name: 'wrong.yaml', content: long(content) }]
  const refused = await parseManifestsAside(wrong).catch((error: unknown) => error)
  expect(() => parseManifests(wrong)).toThrow(refused instanceof Error ? refused.message : 'nothing')
  expect(refused).toMatchObject({ name: 'UserError' })
})
