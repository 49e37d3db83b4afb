import { describe, expect, test } from 'vitest'
import { type ManifestFile, parseManifests } from '../../../src/management/manifest/reading/parse.ts'
import { checkManifest } from '../../../src/management/manifest/validate.ts'
import { Mistakes } from '../../../src/platform/user-error.ts'
import { cpuOf } from '../../harness/cpu.ts'

const files = (...contents: readonly string[]): readonly ManifestFile[] =>
  contents.map((content, index) => ({ name: `${index + 1}.yaml`, content }))
const parse = (...contents: readonly string[]) => parseManifests(files(...contents))

function mistakesOf(work: () => unknown): readonly string[] {
  try {
    work()
    return []
  } catch (error) {
    if (error instanceof Mistakes) return error.all
    if (error instanceof Error) return [error.message]
    throw error
  }
}

describe('documents', () => {
  test('have defaults of their own, which fill what an entry leaves out', () => {
    const { manifest } = parse(`
defaults:
  client: { owner: ours, tags: [a], token: { lifetime: 10m }, metadata: { team: x, env: prod } }
  api: { token: { lifetime: 1h } }
apis: [{ audience: "https://a" }, { audience: "https://b", token: { format: sealed } }]
clients:
  - { client_id: one }
  - { client_id: two, owner: theirs, tags: [], metadata: { env: test } }
---
clients: [{ client_id: three }]
`)
    expect(manifest.clients).toMatchObject([
      { client_id: 'one', owner: 'ours', tags: ['a'], token: { lifetime: 600 }, metadata: { team: 'x', env: 'prod' } },
      { client_id: 'two', owner: 'theirs', tags: [], metadata: { team: 'x', env: 'test' } },
      { client_id: 'three', tags: [], metadata: {} },
    ])
    expect(manifest.clients[2]).not.toHaveProperty('owner', 'ours')
    expect(manifest.apis).toMatchObject([
      { token: { lifetime: 3600 } },
      { token: { lifetime: 3600, format: 'sealed' } },
    ])
  })

  test('know merge keys, of one mapping or of a list', () => {
    const { manifest } = parse(`
clients:
  - &base { client_id: one, owner: ours, tags: [a] }
  - { <<: *base, client_id: two }
  - { <<: [{ owner: first }, *base], client_id: three }
`)
    expect(manifest.clients).toMatchObject([
      { client_id: 'one', owner: 'ours' },
      { client_id: 'two', owner: 'ours', tags: ['a'] },
      { client_id: 'three', owner: 'first', tags: ['a'] },
    ])
  })

  test('share one name, or each has its own', () => {
    const { manifest } = parse('manifest: a\nclients: [{ client_id: x }]', 'manifest: b\nclients: [{ client_id: y }]')
    expect(manifest.names).toEqual(['a', 'b'])
    expect(manifest.clients.map((one) => one.manifest)).toEqual(['a', 'b'])
    expect(parse('manifest: a', 'clients: [{ client_id: x }]').manifest.clients[0]?.manifest).toBe('a')
    expect(mistakesOf(() => parse('manifest: a', 'manifest: b', 'clients: []'))).toEqual([
      expect.stringMatching(/^3\.yaml:1:1: the files are of the manifests "a", "b": say which one/),
    ])
  })
})

describe('mistakes', () => {
  test('are all listed, of all files, with place, field and the nearest right name', () => {
    expect(
      mistakesOf(() =>
        parse(
          'clients:\n  - client_id: a\n    scopess: [x]\n    token: { lifetimes: 5 }\n',
          'apis:\n  - audiense: https://a\n---\nclients: [{ client_id: 5 }]\n',
        ),
      ),
    ).toEqual([
      '1.yaml:3:5: clients[0].scopess: this version knows no such field; did you mean scopes?',
      '1.yaml:4:14: clients[0].token.lifetimes: this version knows no such field; did you mean lifetime?',
      expect.stringMatching(/^2\.yaml:2:\d+: apis\[0\]/),
      expect.stringMatching(/^2\.yaml:2:\d+: apis\[0\].*did you mean audience\?$/),
      '2.yaml:4:13: clients[0].client_id: must be text: put it in quotes',
    ])
  })

  test('in a default are told where the default is written, once', () => {
    const content = 'defaults: { client: { token: { lifetime: 0 } } }\nclients: [{ client_id: a }, { client_id: b }]'
    expect(mistakesOf(() => parse(content))).toEqual([expect.stringMatching(/^1\.yaml:1:\d+: defaults\.client\.token/)])
  })

  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('a field named %s is unknown', (name) => {
    for (const content of [
      `defaults: { client: { ${name}: { owner: x } } }\nclients: [{ client_id: a }]`,
      `defaults: { ${name}: {} }\nclients: []`,
      `clients: [{ client_id: a, ${name}: { owner: x } }]`,
      `clients: [{ client_id: a, token: { ${name}: 1 } }]`,
      `${name}: {}\nclients: []`,
    ])
      expect(
        mistakesOf(() => parse(content)),
        content,
      ).toEqual([expect.stringContaining(name)])
    expect(({} as { owner?: string }).owner).toBeUndefined()
  })

  test('without a database: unusable credentials and unknown members, but not what a database may have', () => {
    const manifest = parse(`
apis: [{ audience: "https://a", scopes: [{ name: all, includes: [raed] }, { name: read }] }]
clients:
  - client_id: a
    scopes: [elsewhere, reed]
    credentials:
      - { label: x, jwks: { keys: [{ kty: EC, crv: P-256, x: AA, y: AA }] } }
      - { label: y, secret: short, retrievable: true }
      - { label: z, certificate: { san_ip: nowhere } }
`)
    expect(mistakesOf(() => checkManifest(manifest))).toEqual([
      '1.yaml:2:66: apis[0].scopes[0].includes[0]: the API has no scope "raed"; did you mean "read"?',
      expect.stringContaining('clients[0].credentials[0].jwks: '),
      expect.stringContaining('clients[0].credentials[1].secret: '),
      expect.stringContaining('clients[0].credentials[2].certificate: '),
    ])
    const fine = parse(
      'apis: [{ audience: "https://a", scopes: [{ name: read }] }]\nclients: [{ client_id: a, scopes: [elsewhere, reed] }]',
    )
    expect(checkManifest(fine).outside).toEqual([
      expect.stringContaining('no API has the scope "elsewhere"'),
      expect.stringContaining('no API has the scope "reed"; did you mean "read"?'),
    ])
  })
})

/** Runs work that may take some seconds on a busy machine, and would take minutes if it were quadratic. */
async function inTime<Result>(work: () => Result): Promise<Result> {
  const results: Result[] = []
  expect(await cpuOf(() => results.push(work()), { attempts: 1 })).toBeLessThan(20_000)
  const [result] = results
  if (result === undefined) throw new Error('the work has no result')
  return result
}

describe('megabyte-fields: a large manifest', () => {
  test('of thousands of mistakes and names is refused in time', async () => {
    const names = Array.from({ length: 5_000 }, (_, at) => `{ name: scope-${at} }`)
    const wrong = Array.from({ length: 10_000 }, (_, at) => `skope-${at}`)
    const content = `apis: [{ audience: "https://a", scopes: [${names.join(', ')}] }]\nclients: [{ client_id: a, scopes: [${wrong.join(', ')}] }]`
    const manifest = parse(content)
    const { outside } = await inTime(() => checkManifest(manifest))
    expect(outside).toHaveLength(100)
    expect(outside[0]).toContain('did you mean "scope-0"?')
  })

  test('of many documents, and of many files, is read in time', async () => {
    const many = Array.from({ length: 1_000 }, (_, at) => `clients: [{ client_id: c${at} }]\n---\n---\n`)
    const { manifest } = await inTime(() => parse(...many))
    expect(manifest.clients).toHaveLength(1_000)
    expect(mistakesOf(() => parse('---\n'.repeat(100_000)))).toEqual([expect.stringContaining('is empty')])
  })
})
