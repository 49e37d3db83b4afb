/** Runs every command of the pages about rotation and incidents, and checks what they promise. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { current, issueLeaf, thumbprint } from '../../harness/authority.ts'
import { issueAuthority } from '../../harness/certificates.ts'
import { installed } from '../../harness/installed.ts'
import { makeSigner } from '../../harness/tokens.ts'
import { makePlace, type Place } from './place.ts'

/** Milliseconds. Each command is a process of its own, and a page has some twenty. */
const PATIENCE = 900_000

const root = await issueAuthority('CN=Root', undefined, current())
const old = await makeSigner('ES256', { kid: 'old' })
const next = await makeSigner('ES256', { kid: 'next' })
const edge = await issueLeaf({ subject: 'CN=edge', issuer: root })

const MANIFEST = `
apis:
  - { audience: https://orders.example.com, scopes: [{ name: orders:read }] }
  - { audience: https://sealed.example.com, token: { format: sealed }, scopes: [{ name: sealed:read }] }
clients:
  - { client_id: billing, scopes: [orders:read], credentials: [{ label: current }, { label: leaked }] }
  - { client_id: retired, scopes: [orders:read], credentials: [{ label: current }] }
  - { client_id: sealing, scopes: [sealed:read], credentials: [{ label: current }] }
  - { client_id: ci, scopes: [orders:read], credentials: [{ label: current }] }
  - { client_id: nightly, scopes: [orders:read], credentials: [{ label: "2026", jwks: ${JSON.stringify({ keys: [old.publicJwk] })} }] }
  - { client_id: edge, scopes: [orders:read], credentials: [{ label: "2026", certificate: { thumbprint: ${thumbprint(edge)} } }] }
`

const missing = ['bash', 'jq', 'openssl', 'curl', 'setsid'].filter((name) => installed(name) === undefined)

const without = missing.length > 0 ? ` (skipped without ${missing.join(', ')})` : ''

describe.skipIf(without !== '')(`the commands of a page do what it promises${without}`, { timeout: PATIENCE }, () => {
  let place: Place
  beforeEach(async () => {
    place = await makePlace(MANIFEST, root.pem)
  }, PATIENCE)
  afterEach(() => place.stop())

  /** The secret that the manifest's application made. */
  const secretOf = (client: string, label = 'current', file = 'secrets.jsonl'): string => {
    const lines = readFileSync(join(place.folder, file), 'utf8').trim().split('\n')
    const found = lines
      .map((line) => JSON.parse(line) as { client_id: string; label: string; secret: string })
      .find((line) => line.client_id === client && (label === '' || line.label === label))
    return found?.secret ?? ''
  }
  /** Asks for a token. */
  const ask = (client: string, secret: string): Promise<Response> =>
    fetch(`${place.issuer}/as/token.oauth2`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'client_credentials', client_id: client, client_secret: secret }),
    })
  const tokenOf = async (client: string, secret: string): Promise<string> => {
    const response = await ask(client, secret)
    expect(response.status).toBe(200)
    return ((await response.json()) as { access_token: string }).access_token
  }
  const kidOf = (token: string): string =>
    (JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { kid: string }).kid
  const isActive = async (token: string): Promise<boolean> => {
    place.write('asked.jwt', token)
    return (await place.run('tessera introspect asked.jwt || true')).startsWith('active')
  }

  test('docs/operating/incidents/leaked-secret.md', async () => {
    const token = await tokenOf('billing', secretOf('billing'))
    place.write('found.secret', secretOf('billing'))
    const refused = `tessera token --issuer ${place.issuer} --client-id none --secret-file found.secret 2>&1`
    expect(await place.run(`(${refused} || true) | tessera explain -`)).toContain(
      'The secret belongs to the client billing',
    )
    const printed = await place.runPage('docs/operating/incidents/leaked-secret.md')
    expect(printed).toMatch(/^ *1 127\.0\.0\.1 node$/m)
    expect(printed).toMatch(/^APIs that verify tokens themselves may accept its tokens until \d{4}-\S+\.$/m)
    expect((await ask('billing', secretOf('billing'))).status).toBe(401)
    expect(await isActive(token)).toBe(false)
    expect((await ask('billing', secretOf('billing', 'after-leak', 'var/lib/tessera/billing.jsonl'))).status).toBe(200)
    expect(await place.run('tessera apply -f etc/tessera/manifest --secrets-to file:again.jsonl')).toContain(
      'clients[0].credentials[0]: was revoked, and stays revoked',
    )
  })

  test('docs/operating/incidents/leaked-signing-key.md', async () => {
    const token = await tokenOf('billing', secretOf('billing'))
    place.write('token.jwt', token)
    const { jti } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { jti: string }
    const printed = await place.runPage('docs/operating/incidents/leaked-signing-key.md', {
      pL6ZZC4dM2sXoT5n: kidOf(token),
      '01890000-0000-7000-8000-000000000000': jti,
    })
    expect(printed).toContain(`token.issue success client_id=billing`)
    expect(printed).toContain('not active')
    expect(await (await fetch(`${place.issuer}/pf/JWKS`)).text()).not.toContain(kidOf(token))
    const renewed = await tokenOf('billing', secretOf('billing'))
    expect(kidOf(renewed)).not.toBe(kidOf(token))
    expect(await isActive(renewed)).toBe(true)
  })

  test('docs/operating/incidents/master-key.md', async () => {
    const signed = await tokenOf('billing', secretOf('billing'))
    const sealed = await tokenOf('sealing', secretOf('sealing'))
    await place.runPage('docs/operating/incidents/master-key.md')
    expect(await isActive(signed)).toBe(true)
    expect(await isActive(sealed)).toBe(false)
    expect(kidOf(await tokenOf('billing', secretOf('billing')))).not.toBe(kidOf(signed))
    expect(await isActive(await tokenOf('sealing', secretOf('sealing')))).toBe(true)
  })

  test('docs/operating/incidents/lost-database.md', async () => {
    await place.run(`tessera backup --to backups/tessera.db
tessera clients disable retired --yes
tessera audit export --to audit.jsonl
dd if=/dev/zero of=var/lib/tessera/tessera.db bs=4096 count=20 conv=notrunc status=none`)
    const printed = await place.runPage('docs/operating/incidents/lost-database.md', {
      '2026-11-26T00:00:00Z': new Date(Date.now() - 3_600_000).toISOString(),
    })
    expect(printed).toMatch(/client\.change retired/)
    expect(printed).toMatch(/database\.restore success/)
    expect((await ask('retired', secretOf('retired'))).status).toBe(401)
    expect((await ask('billing', secretOf('billing', 'leaked'))).status).toBe(401)
    expect((await ask('billing', secretOf('billing'))).status).toBe(200)
  })

  test('docs/operating/incidents/flood.md', async () => {
    expect((await ask('billing', 'wrong')).status).toBe(401)
    await place.run('tessera credentials remove billing leaked --yes')
    const printed = await place.runPage('docs/operating/incidents/flood.md')
    expect(printed).toMatch(/^ *1 127\.0\.0\.1 wrong_secret$/m)
    expect((await ask('billing', secretOf('billing', '', 'var/lib/tessera/new.jsonl'))).status).toBe(200)
  })

  test('docs/operating/rotating.md', async () => {
    const signed = await tokenOf('billing', secretOf('billing'))
    const sealed = await tokenOf('sealing', secretOf('sealing'))
    place.write('etc/tessera/anna.password', 'correct horse battery')
    place.write('new.jwks.json', JSON.stringify({ keys: [next.publicJwk] }))
    place.write('new-ca.pem', root.pem)
    await place.run('cp etc/tessera/tls/*.pem .')
    await place.run('tessera admin bootstrap --name anna --password-file etc/tessera/anna.password')
    await place.runPage('docs/operating/rotating.md')
    for (const label of ['current', '']) {
      const secret = secretOf('billing', label, label === '' ? 'var/lib/tessera/billing.jsonl' : 'secrets.jsonl')
      expect((await ask('billing', secret)).status).toBe(200)
    }
    expect(await isActive(signed)).toBe(true)
    expect(await isActive(sealed)).toBe(true)
    expect(await place.run('tessera credentials list nightly; tessera credentials list edge')).not.toContain(' 2026 ')
    expect(readFileSync(join(place.folder, 'etc/tessera/tessera.yaml'), 'utf8')).not.toContain(
      'previous_master_key_file',
    )
  })
})
