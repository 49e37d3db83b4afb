import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { Kysely } from 'kysely'
import { afterEach, describe, expect, test } from 'vitest'
import { createLogger } from '../../src/observability/log.ts'
import { startServer } from '../../src/server/server.ts'
import { NodeSqliteDialect } from '../../src/store/sqlite/dialect.ts'
import { MODEL, SECRET } from '../harness/model.ts'
import { applyTo, basic, testConfig } from '../harness/server.ts'

const log = createLogger('silent')
const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

async function newConfig() {
  const { config, folder } = await testConfig()
  folders.push(folder)
  return config
}

async function tokenFrom(issuer: string): Promise<string> {
  const response = await fetch(`${issuer}/as/token.oauth2`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'edit' }),
    headers: basic('reporter', SECRET),
  })
  return ((await response.json()) as { access_token: string }).access_token
}

const keysOf = async (issuer: string): Promise<string> => (await fetch(`${issuer}/pf/JWKS`)).text()

describe('signing keys', () => {
  test('are the same after a restart, and earlier tokens stay valid', async () => {
    const config = await newConfig()
    await applyTo(config, MODEL)
    const first = await startServer(config, { log })
    const keys = await keysOf(config.issuer)
    const token = await tokenFrom(config.issuer)
    await first.stop()

    const second = await startServer(config, { log })
    expect(await keysOf(config.issuer)).toBe(keys)
    await jwtVerify(token, createRemoteJWKSet(new URL(`${config.issuer}/pf/JWKS`)), { issuer: config.issuer })
    await second.stop()
  })

  test('are not readable in the database', async () => {
    const config = await newConfig()
    await (await startServer(config, { log })).stop()
    const db = new Kysely<{ key: { encrypted_private_key: Uint8Array } }>({
      dialect: new NodeSqliteDialect(config.storage.slice('sqlite:'.length), 'FULL'),
    })
    const [row] = await db.selectFrom('key').selectAll().execute()
    await db.destroy()
    const stored = Buffer.from(row?.encrypted_private_key ?? [])
    // PKCS #8 names the P-256 curve by these bytes.
    expect(stored.length).toBeGreaterThan(100)
    expect(stored.includes(Buffer.from('2a8648ce3d030107', 'hex'))).toBe(false)
  })

  test('can’t be read under another master key: the server doesn’t start, and says so', async () => {
    const config = await newConfig()
    await (await startServer(config, { log })).stop()
    await expect(startServer({ ...config, masterKey: randomBytes(32) }, { log })).rejects.toThrow(
      /encrypted under the master key/,
    )
    await (await startServer(config, { log })).stop()
  })

  test('are one for two servers that start at once on an empty database', async () => {
    const config = await newConfig()
    const { config: elsewhere } = await testConfig()
    const other = { ...elsewhere, storage: config.storage, masterKey: config.masterKey }
    const servers = await Promise.all([startServer(config, { log }), startServer(other, { log })])
    const keys = await Promise.all([keysOf(config.issuer), keysOf(other.issuer)])
    expect(keys[0]).toBe(keys[1])
    expect((JSON.parse(keys[0]) as { keys: unknown[] }).keys).toHaveLength(1)
    for (const server of servers) await server.stop()
  })
})

describe('the database', () => {
  test('of a newer program is refused, and left unchanged', async () => {
    const config = await newConfig()
    await (await startServer(config, { log })).stop()
    const path = config.storage.slice('sqlite:'.length)
    const db = new Kysely<{ migration: { name: string; timestamp: string } }>({
      dialect: new NodeSqliteDialect(path, 'FULL'),
    })
    await db.insertInto('migration').values({ name: '9999-future', timestamp: '' }).execute()
    await expect(startServer(config, { log })).rejects.toThrow(/newer than this program.*9999-future/)
    const names = await db.selectFrom('migration').select('name').execute()
    expect(names.map(({ name }) => name)).toContain('9999-future')
    await db.destroy()
  })
})

test('a port in use is an error, and leaves nothing open', async () => {
  const config = await newConfig()
  const first = await startServer(config, { log })
  await expect(startServer(config, { log })).rejects.toMatchObject({ code: 'EADDRINUSE' })
  await first.stop()
  await (await startServer(config, { log })).stop()
})
