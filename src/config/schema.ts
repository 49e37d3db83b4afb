import { isIP } from 'node:net'
import { z } from 'zod'
import { roles } from '../administrators/role.ts'
import { asymmetricAlgorithms, symmetricAlgorithms } from '../crypto/jws/algorithms.ts'
import { certificateHeaderFormats } from '../http/client-certificate/headers.ts'
import { forwardedHeaders } from '../http/forwarded.ts'
import { parseDatabaseLocation, refusePath } from '../input/database-location.ts'
import { isAddressOrNetwork } from '../platform/addresses.ts'
import { UserError } from '../platform/user-error.ts'
import { aliasesSchema, ISSUER_FORM, isIssuer } from './aliases.ts'
import { exportsSchema } from './exports-schema.ts'

/** Converts the text of variables and flags to a number, if it is written as one. `Number('')` alone would be 0. */
const numberOf = (form: RegExp) => (value: unknown) =>
  typeof value === 'string' && form.test(value) ? Number(value) : value
const integer = (min: number, max: number) => z.preprocess(numberOf(/^(?:0|[1-9]\d*)$/), z.int().min(min).max(max))
const share = z.preprocess(numberOf(/^(?:0|1|[01]?\.\d+)$/), z.number().min(0).max(1))
const onOff = z.preprocess((value) => (value === true ? 'on' : value === false ? 'off' : value), z.enum(['on', 'off']))
const list = <Item extends z.ZodType>(item: Item, least = 0) =>
  z.preprocess(
    (value) => (typeof value === 'string' ? value.split(',').map((part) => part.trim()) : value),
    z.array(item).min(least),
  )
/** A selection from a closed list. The default is all of them. */
const someOf = <Name extends string>(names: readonly Name[]) => list(z.enum(names), 1).default([...names])
const text = z.string().min(1)
/** Text that `read` accepts. Its UserError becomes the message. */
const readableBy = (read: (value: string) => unknown) =>
  text.superRefine((value, context) => {
    try {
      read(value)
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      context.addIssue({ code: 'custom', message: error.message })
    }
  })
const path = readableBy(refusePath)
const host = text.refine(
  (value) => isIP(value) !== 0 || /^[\w-]+(?:\.[\w-]+)*\.?$/.test(value),
  'must be a name or an address, such as localhost, 0.0.0.0 or ::, without a port',
)
const networks = list(text.refine(isAddressOrNetwork, 'must be addresses or networks, for example 10.0.0.0/8'))

const origin = text.refine((value) => {
  const url = URL.canParse(value) ? new URL(value) : undefined
  return url?.protocol === 'https:' && url.origin === value
}, 'must be https:// and a host, without path or trailing slash, for example https://auth.example.com')
/** The role that a value of a claim gives, as an object, or in one text for variables and flags. */
const roleMapping = z.preprocess(
  (value) => {
    const [, role, claim, given] = typeof value === 'string' ? (/^(\w+):([^=]+)=(.+)$/.exec(value) ?? []) : []
    return role === undefined ? value : { role, claim, value: given }
  },
  z.strictObject(
    { claim: text, value: text, role: z.enum(roles) },
    'must be role:claim=value, or claim, value and role',
  ),
)

/** Whether a value is the URL of a proxy. User and password must be percent-encoded (RFC 3986 §3.2.1). */
function isProxyUrl(value: string): boolean {
  const url = URL.parse(value)
  if (url === null || /%(?![0-9a-f]{2})/i.test(url.username + url.password)) return false
  return /^https?:$/.test(url.protocol) && url.pathname + url.search + url.hash === '/'
}

export const schema = z.strictObject({
  issuer: text
    .refine(isIssuer, ISSUER_FORM)
    .optional()
    .describe(
      'The issuer identifier (RFC 8414 §2): the `iss` of every token, and the beginning of each endpoint address. It may have a path, and a slash at its end is a part of it (see `docs/migrating/aliases.md`). `tessera dev` uses `https://localhost` and its port.',
    ),
  aliases: aliasesSchema.describe(
    'More paths of endpoints, such as those of a server that this one replaces: a list of `path` and `to`, or in one text such as `/oauth2/token=token,/oauth2/revoke=revocation` (see `docs/migrating/aliases.md`). `to` is `token`, `introspection`, `revocation`, `authorization`, `keys`, `metadata`, `openid_configuration` or `heartbeat`.',
  ),
  data: path
    .default('.tessera')
    .describe(
      'The folder in which `tessera dev` keeps its database, master key and certificate, and `tessera serve --manifest` its database.',
    ),
  storage: readableBy(parseDatabaseLocation)
    .optional()
    .describe(
      'The database: `sqlite:` and a path, or `postgres://user@host/database` (see `docs/operating/storage.md`), with a comma between several hosts (see `docs/operating/postgresql-ha.md`). `tessera dev` uses `tessera.db` in its data folder.',
    ),
  manifest: list(path)
    .default([])
    .describe(
      'Files and folders of a manifest that the server keeps in force (see `docs/operating/serving-files.md`). Without `storage`, the database is then `tessera.db` in the folder `data`.',
    ),
  manifest_allow_destroy: onOff
    .default('off')
    .describe(
      '`on` lets a change of these files end credentials in use, scopes of clients, owners, clients and APIs. With `off`, such a change is refused. `tessera dev` uses `on`.',
    ),
  storage_password_file: path
    .optional()
    .describe(
      'A file with the password of PostgreSQL, which only its owner can read. Without it, the password is in the address or in `PGPASSWORD`.',
    ),
  storage_connections: integer(4, 1_000)
    .default(10)
    .describe('The most connections to PostgreSQL that a process opens. Six of ten are reserved for requests.'),
  storage_request_timeout: integer(100, 60_000)
    .default(800)
    .describe('Milliseconds that a request waits for a statement on PostgreSQL. After that it gets 503.'),
  storage_statement_timeout: integer(1, 3_600)
    .default(15)
    .describe(
      'Seconds that any other statement on PostgreSQL may take: those of commands, rotation and the audit log.',
    ),
  master_key_file: path
    .optional()
    .describe(
      'A file with the master key, 32 random bytes in base64 (`openssl rand -base64 32`), which only its owner can read. The master key encrypts the signing keys.',
    ),
  previous_master_key_file: path
    .optional()
    .describe(
      'The file with the previous master key, while the master key is being changed (see `tessera keys rewrap`).',
    ),
  master_key: text.optional().describe('The master key itself, instead of a file. From the environment only.'),
  workers: z
    .union([z.literal('auto'), integer(1, 256)], { error: 'must be auto, or a number of processes from 1 to 256' })
    .default(1)
    .describe(
      'The number of worker processes. `auto` starts one for each core. Several workers have a primary process beside them.',
    ),
  runtime: z
    .strictObject({
      host: host.default('0.0.0.0').describe('The address of the OAuth endpoints. `tessera dev` uses `localhost`.'),
      port: integer(0, 65535).default(9031).describe('The port of the OAuth endpoints.'),
      tls: onOff.default('on').describe('`off` serves plain HTTP, to `runtime.trusted_proxies` only.'),
      trusted_proxies: networks
        .default([])
        .describe(
          'Addresses and networks of the proxies in front. The server accepts a client’s address from these proxies only.',
        ),
      forwarded_header: z
        .enum(forwardedHeaders)
        .default('either')
        .describe(
          'The header in which the proxies pass on a client’s address: `x-forwarded-for`, or `forwarded` (RFC 7239). `either` reads the second if the first is missing. With `either`, a proxy that writes one header must remove the other from the requests of clients.',
        ),
      certificate_header: z
        .enum(['off', ...certificateHeaderFormats])
        .default('off')
        .describe(
          'The format in which the proxies pass on a client’s certificate; `client-cert` is RFC 9440. The proxies must remove the header from the requests of clients.',
        ),
    })
    .prefault({}),
  admin: z
    .strictObject({
      host: host.default('localhost').describe('The address of the admin listener.'),
      port: integer(0, 65535).default(9999).describe('The port of the admin listener.'),
      url: origin
        .optional()
        .describe(
          'The address under which people reach the admin listener: https:// and a host. Links, and the redirect address of single sign-on, begin with it. By default it is made from host and port.',
        ),
      session_idle: integer(60, 86_400)
        .default(1_800)
        .describe('Seconds after which the session of an administrator ends if it is not used.'),
      session_lifetime: integer(300, 604_800)
        .default(43_200)
        .describe('Seconds after which the session of an administrator ends, however much it is used.'),
      metrics: z
        .enum(['authenticated', 'open'])
        .default('authenticated')
        .describe('The readers of `/metrics`: callers with the permission `metrics:read`, or everybody.'),
    })
    .prefault({}),
  sign_on: z
    .strictObject({
      issuer: text
        .refine((value) => URL.parse(value)?.protocol === 'https:', 'must begin with https://')
        .optional()
        .describe(
          'The OpenID provider that signs administrators in (see `docs/operating/single-sign-on.md`). Without it, there are local accounts only.',
        ),
      client_id: text.optional().describe('The client id of this server at the provider.'),
      client_secret_file: path
        .optional()
        .describe('A file with the client secret of this server at the provider, which only its owner can read.'),
      client_secret: text
        .optional()
        .describe('The client secret itself, instead of a file. From the environment only.'),
      scopes: list(text, 1)
        .default(['openid', 'profile', 'email'])
        .describe('The scopes that are asked for. `openid` must be among them.'),
      name_claim: text
        .default('email')
        .describe('The claim with the name of the person. It must be unique at the provider, and never change hands.'),
      groups_claim: text
        .optional()
        .describe('A claim whose values are kept in the session, so that groups can have members by claim.'),
      roles: list(roleMapping)
        .default([])
        .describe(
          'The roles that values of claims give: a list of `claim`, `value` and `role`, or in one text such as `admin:groups=platform`. Somebody without a role is refused.',
        ),
    })
    .prefault({}),
  http: z
    .strictObject({
      keep_alive_timeout: integer(1, 86_400)
        .default(620)
        .describe(
          'Seconds for which an idle connection is kept. A load balancer in front must close it first: Google Cloud’s keeps it for 600 s (see `docs/operating/load-balancers.md`).',
        ),
      idle_connections: integer(1, 1_000_000)
        .default(2_000)
        .describe('Idle connections that a process keeps. Beyond that, it closes the longest idle ones.'),
      headers_timeout: integer(1, 3_600)
        .default(10)
        .describe('Seconds that a client has to send all headers of a request, from the first header on.'),
      request_timeout: integer(1, 3_600).default(15).describe('Seconds that a client has to send a whole request.'),
      handshake_timeout: integer(1, 3_600).default(10).describe('Seconds that a client has for a TLS handshake.'),
    })
    .prefault({}),
  tls: z
    .strictObject({
      cert: path.optional().describe('The certificate chain, a PEM file. `tessera dev` creates one if none is given.'),
      key: path.optional().describe('The private key of the certificate, a PEM file.'),
      client_ca: path
        .optional()
        .describe(
          'The authorities that issue clients’ certificates, a PEM file. Without it, `tls_client_auth` accepts thumbprints only.',
        ),
      watch: onOff
        .default('off')
        .describe(
          '`on` reads the configuration again, as at SIGHUP, once one of these files has changed. Kubernetes renews files, but sends no signal.',
        ),
    })
    .prefault({}),
  token: z
    .strictObject({
      lifetime: integer(1, 31_536_000)
        .default(14_400)
        .describe('Seconds that an access token lives, unless its client or its API says otherwise.'),
    })
    .prefault({}),
  assertions: z
    .strictObject({
      max_lifetime: integer(10, 86_400)
        .default(3_600)
        .describe(
          'The longest remaining life of a client assertion, in seconds. A common Python client sends an hour.',
        ),
      algorithms: someOf([...asymmetricAlgorithms, ...symmetricAlgorithms]).describe(
        'The only algorithms that may sign a client assertion, including one of an outside issuer. FAPI 2.0 §5.4.1 allows `PS256,ES256,EdDSA`.',
      ),
      audience: z
        .enum(['any', 'string'])
        .default('any')
        .describe('`string` refuses an array for the `aud` of a client’s own assertion, as FAPI 2.0 §5.3.2.1 asks.'),
    })
    .prefault({}),
  dpop: z
    .strictObject({
      require_nonce: onOff
        .default('off')
        .describe(
          '`on` accepts DPoP proofs only with a nonce of this server, so that nobody can make a proof in advance.',
        ),
      algorithms: someOf(asymmetricAlgorithms).describe(
        'The only algorithms that may sign a DPoP proof. FAPI 2.0 §5.4.1 allows `PS256,ES256,EdDSA`.',
      ),
    })
    .prefault({}),
  outbound: z
    .strictObject({
      allow: networks
        .default([])
        .describe(
          'Private addresses and networks from which keys of clients and outside issuers may be fetched. Public addresses are always allowed.',
        ),
      proxy: text
        .refine(
          isProxyUrl,
          'must be http:// or https:// and a host, perhaps with user, password (percent-encoded) and port, and no path',
        )
        .optional()
        .describe(
          'The proxy through which keys are fetched, such as `http://proxy.example.com:3128`. The proxy resolves the names, so it must itself refuse private networks.',
        ),
      no_proxy: list(text)
        .default([])
        .describe('Hosts that are reached without the proxy: names, including their subdomains.'),
      ca: path.optional().describe('Additional authorities to trust when fetching keys, a PEM file.'),
      wait: integer(0, 10_000)
        .default(2_000)
        .describe(
          'Milliseconds that a request waits for keys that must be fetched first. If any client has keys at a URL, refused assertions are answered after this time, so that timing does not reveal which clients have.',
        ),
    })
    .prefault({}),
  keys: z
    .strictObject({
      rotate_every: integer(1, 315_360_000)
        .default(2_592_000)
        .describe('Seconds for which a key signs before the next one does.'),
      publish_before: integer(1, 31_536_000)
        .default(86_400)
        .describe(
          'Seconds for which a key is published before it signs. Choose at least the time for which verifiers cache the key set.',
        ),
      cache_max_age: integer(0, 86_400)
        .default(300)
        .describe('Seconds for which verifiers may cache the key set (`Cache-Control`).'),
    })
    .prefault({}),
  cache: z
    .strictObject({
      clients: integer(1, 10_000_000)
        .optional()
        .describe(
          'The most clients that each process keeps in memory, about 1 KB each. By default, they fill a third of the heap that Node allows, and those of all processes an eighth of the memory of the machine or container.',
        ),
    })
    .prefault({}),
  audit: z
    .strictObject({
      retention_days: integer(1, 36_500).default(90).describe('Days for which audit events are kept.'),
      refusals_kept: integer(1_000, 1_000_000_000)
        .default(1_000_000)
        .describe(
          'The number of kept events of refused requests, about 1 KB each. Beyond that, the oldest are removed early, so that nobody can fill the disk.',
        ),
      export: exportsSchema({ path, host }).describe(
        'The systems that audit events are exported to: a list, or JSON in a variable (see `docs/operating/audit-export.md`).',
      ),
    })
    .prefault({}),
  usage: z
    .strictObject({
      minutes_kept: integer(1, 168)
        .default(6)
        .describe('Hours for which the usage of clients is kept by minute (see `docs/operating/usage.md`).'),
      hours_kept: integer(1, 400).default(30).describe('Days for which it is kept by hour.'),
      days_kept: integer(1, 3_650).default(400).describe('Days for which it is kept by day.'),
      rows_kept: integer(1_000, 10_000_000)
        .default(1_000_000)
        .describe(
          'The most rows of usage by minute, and as many by hour and by day, about 300 bytes each. Beyond that, the oldest are removed early.',
        ),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: z.enum(['error', 'warn', 'info', 'debug']).default('info').describe('The lowest severity that is logged.'),
    })
    .prefault({}),
  traces: z
    .strictObject({
      endpoint: z
        .url({ protocol: /^https?$/, error: 'must be an address, for example http://localhost:4318/v1/traces' })
        .optional()
        .describe('The collector that receives traces of requests, by OTLP over HTTP. Without it, traces are off.'),
      ratio: share.default(1).describe('The share of requests that are traced, unless their `traceparent` decides it.'),
    })
    .prefault({}),
  shutdown: z
    .strictObject({
      delay: integer(0, 600)
        .default(0)
        .describe(
          'Seconds after SIGTERM for which requests are still answered, while `/readyz` says 503 so that load balancers send no more.',
        ),
      timeout: integer(0, 600)
        .default(15)
        .describe('Seconds that requests and connections may then take to end. After that they are cut.'),
    })
    .prefault({}),
})

/** The options, each checked by itself, with defaults. */
export type Options = z.output<typeof schema>
