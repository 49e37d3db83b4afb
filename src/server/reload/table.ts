import type { CertificateCheck } from '../../client-auth/certificates/check.ts'
import type { OptionKey } from '../../config/option-infos.ts'
import type { Config } from '../../config/resolve.ts'
import type { Listener } from '../../http/listener.ts'
import type { TrustedProxies } from '../../http/proxies.ts'
import type { Logger } from '../../observability/log.ts'
import type { Store } from '../../store/tables/sql-store.ts'

/** The parts of a running process that have a copy of an option. All others read the configuration in force. */
export interface RunningParts {
  readonly log: Logger
  readonly revocations: Pick<Store['revocations'], 'noteLifetime'>
  readonly certificates: Pick<CertificateCheck, 'prepareAuthorities'>
  readonly listeners: readonly {
    readonly prepareCertificate: Listener['prepareCertificate']
    readonly proxies: Pick<TrustedProxies, 'replace'>
  }[]
}

/** Puts validated values in force. It can't fail. */
type Apply = () => void

/** Validates the next configuration for the running parts, and throws if they can't take it. */
type Validate = (next: Config, parts: RunningParts) => Apply | Promise<Apply>

/** An option that may change while the server runs. */
interface LiveOption {
  /** The effect of a reload, for the table in `docs/operating/reload.md`. */
  readonly effect: string
  readonly validate?: readonly Validate[]
}

const serverCertificate: Validate = ({ certificate }, { listeners }) => {
  const applies = certificate === undefined ? [] : listeners.map((one) => one.prepareCertificate(certificate))
  return () => {
    for (const apply of applies) apply()
  }
}

const clientAuthorities: Validate = (next, { certificates }) => certificates.prepareAuthorities(next.clientAuthorities)

const trustedProxies: Validate =
  ({ runtime }, { listeners }) =>
  () => {
    for (const { proxies } of listeners) proxies.replace(runtime.trusted_proxies)
  }

/** Revocations and keys must outlive tokens. So the database stores the longest lifetime before any token has it. */
export const tokenLifetime: (next: Config, parts: Pick<RunningParts, 'revocations'>) => Promise<Apply> = async (
  { token },
  { revocations },
) => {
  await revocations.noteLifetime(token.lifetime * 1000)
  return () => {}
}

const logLevel: Validate = (next, { log }) => {
  return () => {
    log.level = next.log.level
  }
}

const NEW_CONNECTIONS =
  'New connections get the new certificate, on both listeners. Existing connections keep the old one.'
const NEXT_REQUEST = 'Apply from the next request on.'
const METADATA = 'Apply from the next request on, and appear in the metadata at once.'
const KEYS = 'Apply from the next rotation, and the next fetch of the keys, on.'
const AT_ONCE = 'Apply at once.'

const table: Partial<Readonly<Record<OptionKey, LiveOption>>> = {
  'tls.cert': { effect: NEW_CONNECTIONS, validate: [serverCertificate] },
  'tls.key': { effect: NEW_CONNECTIONS, validate: [serverCertificate] },
  // A TLS session that is resumed lacks the certificates that lead to an authority. A new context ends these sessions.
  'tls.client_ca': {
    effect: 'Applies from the next request on, also over existing connections.',
    validate: [clientAuthorities, serverCertificate],
  },
  'runtime.trusted_proxies': { effect: 'Applies from the next request on.', validate: [trustedProxies] },
  manifest_allow_destroy: { effect: 'Applies at once: the files of the manifest are compared again.' },
  'token.lifetime': { effect: NEXT_REQUEST, validate: [tokenLifetime] },
  'assertions.max_lifetime': { effect: NEXT_REQUEST },
  'dpop.require_nonce': { effect: NEXT_REQUEST },
  'assertions.algorithms': { effect: METADATA },
  'assertions.audience': { effect: METADATA },
  'dpop.algorithms': { effect: METADATA },
  'keys.rotate_every': { effect: KEYS },
  'keys.publish_before': { effect: KEYS },
  'keys.cache_max_age': { effect: KEYS },
  'admin.session_idle': { effect: NEXT_REQUEST },
  'admin.session_lifetime': { effect: NEXT_REQUEST },
  'log.level': { effect: AT_ONCE, validate: [logLevel] },
  'shutdown.delay': { effect: AT_ONCE },
  'shutdown.timeout': { effect: AT_ONCE },
}

/** Every option that a reload may change, by its key. The others need a restart. */
export const liveOptions: ReadonlyMap<string, LiveOption> = new Map(Object.entries(table))

export const isLive = (key: string): boolean => liveOptions.has(key)

/** The options by effect, as rows of a table in Markdown. */
export function reloadReference(): string {
  const byEffect = Map.groupBy(liveOptions, ([, { effect }]) => effect)
  return [...byEffect]
    .map(([effect, options]) => `| ${options.map(([key]) => `\`${key}\``).join(', ')} | ${effect} |`)
    .join('\n')
}
