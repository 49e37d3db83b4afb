import { ADMIN_BODY_LIMIT } from '../admin/api/body.ts'
import { refusalResponse } from '../admin/api/problem.ts'
import { recordEarlyRefusal } from '../endpoints/pipeline.ts'
import type { RuntimeContext } from '../endpoints/routes.ts'
import { type Listener, type ListenerOptions, listen } from '../http/listener.ts'
import type { Routes } from '../http/message.ts'
import type { MeterFor } from '../http/meter.ts'
import { TrustedProxies } from '../http/proxies.ts'
import type { FindEndpoints } from '../http/router.ts'
import type { CertificateUse } from '../model/directory/certificate-use.ts'
import type { Dependencies } from './environment.ts'

/** A listener, and the parts of it that a reload changes. */
export interface RunningListener extends Pick<Listener, 'port' | 'prepareCertificate'> {
  readonly proxies: TrustedProxies
}

/** Listens for administrators and orchestrators. */
export const listenForAdmin = (
  dependencies: Dependencies,
  routes: Routes,
  findEndpoints: FindEndpoints,
): Promise<RunningListener> =>
  listenFor(dependencies, {
    ...common(dependencies),
    host: dependencies.config.admin.host,
    port: dependencies.config.admin.port,
    routes,
    findEndpoints,
    bodyLimit: ADMIN_BODY_LIMIT,
    respond: refusalResponse,
    challenge: `Bearer realm="${dependencies.config.issuer}"`,
    tls: dependencies.config.certificate,
    asksCertificate: () => false,
    onlyProxies: false,
    onRefusal: () => {},
  })

interface ClientListener {
  readonly routes: Routes
  readonly services: RuntimeContext
  readonly certificateUse: CertificateUse
  readonly meterFor: MeterFor
}

/** Listens for clients and APIs. */
export function listenForClients(
  dependencies: Dependencies,
  { routes, services: { clientAuth, recording, metadata }, certificateUse, meterFor }: ClientListener,
): Promise<RunningListener> {
  const { config, primary } = dependencies
  const tls = config.runtime.tls === 'on' ? config.certificate : undefined
  return listenFor(dependencies, {
    ...common(dependencies),
    host: config.runtime.host,
    port: config.runtime.port,
    routes,
    tls,
    isShared: primary !== undefined,
    asksCertificate: () => certificateUse.isUsed,
    onCertificate: (presented) => clientAuth.certificates.learn(presented),
    onlyProxies: tls === undefined,
    onRefusal: (request, error) => recordEarlyRefusal(recording, request, error),
    meterFor,
    tokenEndpoint: metadata.addresses.urlsOf('token')[0],
  })
}

async function listenFor(
  { live, shutdown }: Dependencies,
  options: ListenerOptions & { readonly proxies: TrustedProxies },
): Promise<RunningListener> {
  const { proxies } = options
  const { port, prepareCertificate, drain } = await listen(options)
  shutdown.add(() => drain(live.current.shutdown.timeout * 1000))
  return { port, prepareCertificate, proxies }
}

/** The `WWW-Authenticate` of a 401 to clients (RFC 7617 §2.1). */
export const challengeOf = ({ issuer }: { readonly issuer: string }): string =>
  `Basic realm="${issuer}", charset="UTF-8"`

const common = ({ config: { issuer, runtime, http }, log, clock, random }: Dependencies) => ({
  proxies: new TrustedProxies(runtime.trusted_proxies, runtime.forwarded_header),
  certificateHeader: runtime.certificate_header === 'off' ? undefined : runtime.certificate_header,
  timeouts: {
    handshake: http.handshake_timeout * 1000,
    headers: http.headers_timeout * 1000,
    request: http.request_timeout * 1000,
    keepAlive: http.keep_alive_timeout * 1000,
  },
  mostIdle: http.idle_connections,
  challenge: challengeOf({ issuer }),
  clock,
  random,
  onDefect: (error: unknown, requestId: string) => log.error({ err: error, request_id: requestId }, 'a request failed'),
})
