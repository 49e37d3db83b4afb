import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { clientKey } from '../client-key.ts'
import {
  audience,
  type BenchClient,
  chosenSecret,
  issuer,
  lifetime,
  type Presents,
  resourceServer,
  scope,
  type TokenKind,
} from '../fleet.ts'
import { cores } from '../workspace.ts'
import { addLiveRevocations, countLiveRevocations } from './live-revocations.ts'
import type { BenchServer } from './server.ts'

interface Setup {
  /** Tells it from another Tessera beside it. */
  readonly label?: string
  readonly tokens?: TokenKind
  /** So many tokens that have not expired are revoked. */
  readonly liveRevocations?: number
  readonly presents?: Presents
  readonly isBound?: boolean
}

const cli = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const databaseIn = (folder: string) => join(folder, 'tessera.db')

/** This server as one runs it, behind a proxy that ends TLS: the command, its database, its audit log. */
export const tessera = ({
  label,
  tokens = 'ES256',
  liveRevocations = 0,
  presents = 'generated secret',
  isBound = false,
}: Setup = {}): BenchServer => ({
  presents,
  isBound,
  name: label === undefined ? 'tessera' : `tessera (${label})`,
  tokens,

  async prepare(workspace, folder, clients) {
    const storage = { TESSERA_STORAGE: `sqlite:${databaseIn(folder)}` }
    const file = join(folder, 'manifest.json')
    writeFileSync(file, JSON.stringify(manifest(tokens, presents, clients)))
    await workspace.start({ args: [cli, 'apply', '-f', file], env: storage }, cores.server).done()
    await addLiveRevocations(storage.TESSERA_STORAGE, liveRevocations)
    return {
      args: [cli, 'serve'],
      env: {
        ...storage,
        TESSERA_ISSUER: issuer,
        TESSERA_MASTER_KEY: randomBytes(32).toString('base64'),
        TESSERA_RUNTIME_TLS: 'off',
        TESSERA_RUNTIME_TRUSTED_PROXIES: '127.0.0.1,::1',
        TESSERA_RUNTIME_HOST: '127.0.0.1',
        TESSERA_RUNTIME_PORT: '0',
        TESSERA_ADMIN_PORT: '0',
      },
    }
  },

  /** The audit log was on: it has every token, and nothing was refused. What was revoked has stayed so. */
  inspect(folder, issued) {
    const database = new DatabaseSync(databaseIn(folder), { readOnly: true })
    const countEvents = (condition: string) =>
      database.prepare(`select count(*) as events from audit_event where ${condition}`).get()?.['events']
    const recorded = countEvents(`type = 'token.issue' and result = 'success'`)
    const refused = countEvents(`result = 'refused'`)
    const revoked = countLiveRevocations(database)
    database.close()
    if (recorded !== issued) throw new Error(`${issued} tokens were issued, ${recorded} are recorded`)
    if (refused !== 0) throw new Error(`${refused} requests were refused`)
    if (revoked !== liveRevocations) throw new Error(`${revoked} tokens are revoked, not ${liveRevocations}`)
  },
})

const manifest = (tokens: TokenKind, presents: Presents, clients: readonly BenchClient[]) => ({
  apis: [
    {
      audience,
      scopes: [{ name: scope }],
      token: { lifetime, ...(tokens === 'sealed' ? { format: 'sealed' } : { algorithm: tokens }) },
    },
  ],
  clients: [
    ...clients.map((client) => ({
      client_id: client.id,
      scopes: [scope],
      credentials: [credential(presents, client)],
    })),
    { client_id: resourceServer.id, introspects: [audience], credentials: [{ secret: resourceServer.secret }] },
  ],
})

function credential(presents: Presents, client: BenchClient): object {
  switch (presents) {
    case 'generated secret':
      return { secret: client.secret }
    case 'chosen secret':
      return { secret: chosenSecret(client) }
    case 'assertion':
      return { jwks: { keys: [clientKey.publicJwk] } }
  }
}
