import { type Console, PASSWORD, startConsole } from '../harness/browser.ts'
import { basic } from '../harness/server.ts'
import { unheld } from '../harness/unheld.ts'
import { until } from '../harness/until.ts'
import { runOn } from '../harness/visitor.ts'

const ISSUER = 'https://auth.example.com'
const DAY_MS = 86_400_000
const MINUTE_MS = 60_000

/** The secret that a client has from the start. */
export const secretOf = (clientId: string): string => `${clientId} keeps this for itself`
const expired = new Date(Date.now() - 9 * DAY_MS).toISOString()

/** A shop: payments, orders and stock, a nightly export, and a pipeline that has no secret. */
const manifest = `
apis:
  - audience: https://payments.example.com
    name: Payments
    owner: payments
    token: { lifetime: 300 }
    scopes:
      - { name: "payments:read", description: See payments and refunds }
      - { name: "payments:capture", description: Take the money }
      - { name: "payments:refund", description: Give it back }
  - audience: https://orders.example.com
    name: Orders
    owner: shop
    scopes:
      - { name: "orders:read", description: See orders }
      - { name: "orders:write", description: Place and change orders }
  - audience: https://stock.example.com
    name: Stock
    owner: warehouse
    scopes:
      - { name: "stock:read", description: See what is in stock, common: true }
      - { name: "stock:write", description: Count and correct it }
clients:
  - client_id: checkout
    name: Checkout
    owner: shop
    tags: [web]
    scopes: ["orders:write", "payments:read", "payments:capture", "stock:read"]
    credentials: [{ label: kubernetes, secret: "${secretOf('checkout')}", expires: 160d }]
  - client_id: nightly-export
    name: Nightly export
    description: Copies orders and payments into the warehouse of data, at two in the morning.
    owner: data-platform
    tags: [batch]
    scopes: ["orders:read", "payments:read", "stock:read"]
    credentials: [{ label: spring, secret: "${secretOf('nightly-export')}", expires: 6d }]
  - client_id: refunds
    name: Refunds
    owner: payments
    tags: [back-office]
    scopes: ["payments:read", "payments:refund", "orders:read"]
    credentials: [{ label: vault, secret: "${secretOf('refunds')}", expires: 21d }]
  - client_id: stock-sync
    name: Stock sync
    owner: warehouse
    tags: [batch]
    scopes: ["stock:write", "orders:read"]
    credentials: [{ label: appliance, secret: "${secretOf('stock-sync')}", expires: 3d }]
  - client_id: parcels
    name: Parcels, our carrier
    tags: [partner]
    scopes: ["orders:read"]
    credentials:
      - { label: first contract, secret: "the carrier had this before", expires: "${expired}" }
      - { label: second contract, secret: "${secretOf('parcels')}", expires: 340d }
  - client_id: deploy
    name: Deployment of the shop
    owner: shop
    tags: [ci]
    scopes: ["orders:write", "stock:read"]
    credentials:
      - label: github
        federated:
          issuer: https://token.actions.githubusercontent.com
          audience: ${ISSUER}
          subject: "repo:example/shop:ref:refs/heads/main"
`

/** Requests of a typical minute. */
const usual: readonly (readonly [clientId: string, scope: string])[] = [
  ['checkout', 'payments:capture'],
  ['checkout', 'orders:write'],
  ['checkout', 'payments:read'],
  ['stock-sync', 'stock:write'],
  ['refunds', 'payments:read'],
  ['parcels', 'orders:read'],
  ['checkout', 'stock:read'],
  ['refunds', 'payments:refund'],
]

export interface Company extends Console {
  /** The request that asked for a scope that its client was not given. */
  readonly refused: string
}

/** Starts the server of a shop that has been in use for three days. @param minutes those of the last hour that have requests */
export async function startCompany(minutes: number): Promise<Company> {
  let behind = 3 * DAY_MS
  const clock = { now: () => Date.now() - behind, monotonic: () => performance.now() - behind }
  const console = await startConsole({ manifest, clock, holds: unheld, options: { issuer: ISSUER } })
  const { server, admin } = console
  const origin = `https://localhost:${server.config.runtime.port}`
  const request = (clientId: string, scope: string, secret = secretOf(clientId)) =>
    fetch(`${origin}/as/token.oauth2`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'client_credentials', scope }),
      headers: basic(clientId, secret),
    })

  await request('nightly-export', 'orders:read')
  const rotated = ['credentials', 'rotate', 'nightly-export', 'spring', '--label', 'autumn', '--overlap', '6d']
  const { stdout: autumn } = await runOn(server.config, [...rotated, '--secrets-to', 'stdout'])
  let next = 0
  for (let minute = minutes; minute >= 0; minute -= 1) {
    behind = minute * MINUTE_MS
    const count = Math.round(9 + 4 * Math.sin(minute / 8) + 2 * Math.sin(minute * minute))
    const sent = Array.from({ length: count }, () => {
      const [clientId, scope] = usual[next++ % usual.length] ?? ['', '']
      return request(clientId, scope)
    })
    if (minute % 9 === 4) sent.push(request('parcels', 'orders:read', 'the carrier had this before'))
    if (minute % 13 === 6) sent.push(request('refunds', 'payments:refund', 'a secret of last year'))
    await Promise.all(sent)
  }
  const secret = /tss_\S+/.exec(autumn)?.[0]
  // The server learns of the new secret within a second.
  await until(async () => (await request('nightly-export', 'orders:read', secret)).ok)
  const fetchKeys = async (userAgent: string) => {
    const answer = await fetch(`${origin}/pf/JWKS`, { headers: { 'user-agent': userAgent } })
    return ((await answer.json()) as { readonly keys: readonly unknown[] }).keys.length
  }
  await fetchKeys('orders/2.4 (jose)')
  const answer = await request('nightly-export', 'payments:refund', secret)
  const refused = answer.headers.get('x-request-id') ?? ''
  await server.audit(refused)
  // The first session is three days old.
  await admin.post('/sign-in', { name: 'anna', password: PASSWORD })
  await send(console, 'PATCH', '/clients/refunds', { owner: 'customer-care', tags: ['back-office', 'weekdays'] })
  await send(console, 'POST', '/keys/rotate', { algorithm: 'ES256' })
  await until(async () => (await fetchKeys('payments/7.1 (nimbus-jose-jwt)')) === 2)
  return { ...console, refused }
}

/** Sends a change as the console does. */
async function send({ server, admin }: Console, method: 'PATCH' | 'POST', path: string, body: object): Promise<void> {
  await admin.get('/account')
  const answer = await fetch(`${server.admin}/api/v1${path}`, {
    method,
    headers: {
      cookie: [...admin.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
      'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
      ...(method === 'PATCH' && { 'if-match': '*' }),
      'sec-fetch-site': 'same-origin',
      'x-csrf-token': admin.hidden('csrf'),
    },
    body: JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(await answer.text())
}
