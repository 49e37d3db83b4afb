export const endpointNames = [
  'token',
  'introspection',
  'revocation',
  'authorization',
  'keys',
  'metadata',
  'openid_configuration',
  'heartbeat',
] as const

export type EndpointName = (typeof endpointNames)[number]

/** The paths of each endpoint, if the issuer has no path. The metadata name the first of several. */
export const endpointPaths = {
  token: ['/as/token.oauth2'],
  introspection: ['/as/introspect.oauth2'],
  revocation: ['/as/revoke_token.oauth2'],
  authorization: ['/as/authorization.oauth2'],
  keys: ['/pf/JWKS', '/.well-known/jwks.json'],
  metadata: ['/.well-known/oauth-authorization-server'],
  /** Many clients and verifiers know only this path. */
  openid_configuration: ['/.well-known/openid-configuration'],
  heartbeat: ['/pf/heartbeat.ping'],
} as const satisfies Readonly<Record<EndpointName, readonly [string, ...string[]]>>

/** One more path of an endpoint, such as that of a server which this one replaces. */
export interface Alias {
  readonly path: string
  readonly to: EndpointName
}

/** The addresses of all endpoints of an issuer. */
export interface EndpointAddresses {
  /** Scheme, host and port of the issuer. */
  readonly origin: string
  /** The endpoint at each path of the listener. */
  readonly paths: ReadonlyMap<string, EndpointName>
  /** All addresses of an endpoint: first that of the metadata, last the aliases. */
  urlsOf(name: EndpointName): readonly [string, ...string[]]
}

/** The endpoints of an issuer, at their own paths and at aliases. No alias may have a path of another endpoint. */
export function endpointAddresses(issuer: string, aliases: readonly Alias[]): EndpointAddresses {
  const { origin, pathname } = new URL(issuer)
  const base = pathname.replace(/\/$/, '')
  const own = endpointNames.flatMap((to) => ownPaths(base, to).map((path) => ({ path, to })))
  return {
    origin,
    paths: new Map([...own, ...aliases].map(({ path, to }) => [path, to])),
    urlsOf: (name) => {
      const [first, ...others] = ownPaths(base, name)
      const added = aliases.filter(({ to }) => to === name).map(({ path }) => path)
      return [origin + first, ...[...others, ...added].map((path) => origin + path)]
    },
  }
}

/**
 * The paths of an endpoint without aliases. RFC 8414 §3.1 puts its well-known path before that of the issuer, and OpenID Connect
 * Discovery 1.0 §4 puts its own behind, as this server does with its endpoints.
 * @param base the path of the issuer, without a slash at its end
 */
function ownPaths(base: string, name: EndpointName): readonly [string, ...string[]] {
  const [first, ...others] = endpointPaths[name]
  // Load balancers ask for the heartbeat, and they know no issuer.
  if (name === 'heartbeat') return [first]
  if (name === 'metadata') return [first + base]
  return [base + first, ...others.map((path) => base + path)]
}
