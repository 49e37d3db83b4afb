import { randomUUID } from 'node:crypto'
import { generateSecret } from '../../src/model/credentials/generate-secret.ts'
import { systemRandom } from '../../src/platform/random.ts'
import { issue } from '../../test/harness/certificates.ts'
import { clientKey } from '../client-key.ts'
import { audience, type BenchClient, makeClients, resourceServer, scope } from '../fleet.ts'

const SEALED = 'https://sealed.example.com'
const ADMIN = 'urn:tessera:admin'
/** Seconds. Tokens die within the run, and with them their revocations and retired keys. */
export const LIFETIME = 120

const DAY_MS = 24 * 3_600_000
const client = (id: string): BenchClient => ({ id, secret: generateSecret(systemRandom) })

/** The clients that stay for the whole run. */
export const services = makeClients(200)
export const signers = ['signer-1', 'signer-2', 'signer-3'] as const
export const bound = client('bound')
export const opener = client('opener')
export const revoker = client('revoker')
/** Its secret is rotated, with an overlap. */
export const rotating = client('rotating')
export const administrator = client('administrator')
const leaf = await issue({ subject: 'CN=edge', notBefore: Date.now() - DAY_MS, notAfter: Date.now() + DAY_MS })
/** The client with a certificate, as a proxy passes it on (RFC 9440). */
export const edge = { id: 'edge', header: `:${leaf.certificate.raw.toString('base64')}:` } as const
const thumbprint = Buffer.from(leaf.certificate.fingerprint256.replaceAll(':', ''), 'hex').toString('base64url')

const READS = ['clients', 'apis', 'keys', 'revocations', 'audit', 'usage', 'settings', 'metrics', 'explanations']

const withSecret = ({ id, secret }: BenchClient, more: object = {}) => ({
  client_id: id,
  scopes: [scope],
  credentials: [{ secret }],
  ...more,
})

/** The APIs and clients that stay for the whole run. */
export const lasting = {
  apis: [
    { audience, scopes: [{ name: scope }], token: { lifetime: LIFETIME } },
    { audience: SEALED, scopes: [{ name: 'open' }], token: { lifetime: LIFETIME, format: 'sealed' } },
  ],
  clients: [
    ...[...services, revoker, rotating].map((one) => withSecret(one)),
    ...signers.map((id) => ({
      client_id: id,
      scopes: [scope],
      credentials: [{ jwks: { keys: [clientKey.publicJwk] } }],
    })),
    withSecret(bound, { require: 'dpop' }),
    withSecret(opener, { scopes: ['open'] }),
    {
      client_id: edge.id,
      scopes: [scope],
      credentials: [{ certificate: { thumbprint } }],
      tls_client_certificate_bound_access_tokens: true,
    },
    { client_id: resourceServer.id, introspects: 'all', credentials: [{ secret: resourceServer.secret }] },
    {
      client_id: administrator.id,
      credentials: [{ secret: administrator.secret }],
      grants: [{ api: ADMIN, scopes: READS.map((name) => `${name}:read`) }],
    },
  ],
}

/** Clients that come and go. Their names come again, so that what is kept of each is bounded. */
const passing = Array.from({ length: 40 }, (_, index) => client(`passing-${index}`))
/** How many of them exist at a time. */
const PRESENT = 20
/** How many go and come with each generation. */
const STEP = 4
const APIS = 7

/** A manifest that owns all that passes. Each generation adds, changes and removes clients and APIs. */
export function passingManifest(generation: number) {
  const present = Array.from({ length: PRESENT }, (_, index) => passing[(generation * STEP + index) % passing.length])
  const clients = present.flatMap((one) => one ?? [])
  const own = Array.from({ length: 3 }, (_, index) => `https://passing-${(generation + index) % APIS}.example.com`)
  return {
    /** The newest client. */
    newest: clients.at(-1),
    /** A client that was removed with this generation. */
    gone: generation === 0 ? undefined : passing[((generation - 1) * STEP) % passing.length],
    manifest: {
      manifest: 'passing',
      apis: own.map((one) => ({ audience: one, scopes: [{ name: 'pass' }], token: { lifetime: LIFETIME } })),
      clients: clients.map((one) => ({ ...withSecret(one), metadata: { generation, change: randomUUID() } })),
    },
  }
}
