import type { Config } from '../config/resolve.ts'
import { recordEarlyRefusal } from '../endpoints/pipeline.ts'
import type { RuntimeContext } from '../endpoints/routes.ts'
import { type ListenerOptions, listen } from '../http/listener.ts'
import type { Routes } from '../http/message.ts'
import type { MeterFor } from '../http/meter.ts'
import { TrustedProxies } from '../http/proxies.ts'
import type { CertificateUse } from '../model/directory/certificate-use.ts'
import type { Closers } from './closers.ts'
import type { Means } from './world.ts'

/** Listens for administrators and orchestrators. @returns the port */
export const listenForAdmin = (config: Config, routes: Routes, means: Means, closers: Closers): Promise<number> =>
  listenFor(means, closers, {
    ...common(config, means),
    ...config.admin,
    routes,
    tls: config.certificate,
    asksCertificate: () => false,
    onlyProxies: false,
    onRefusal: () => {},
  })

/** Listens for clients and APIs. @returns the port */
export function listenForClients(
  config: Config,
  routes: Routes,
  { clientAuth, recording }: RuntimeContext,
  certificateUse: CertificateUse,
  means: Means,
  closers: Closers,
  meterFor: MeterFor,
): Promise<number> {
  const tls = config.runtime.tls === 'on' ? config.certificate : undefined
  return listenFor(means, closers, {
    ...common(config, means),
    host: config.runtime.host,
    port: config.runtime.port,
    routes,
    tls,
    isShared: means.shared !== undefined,
    asksCertificate: () => certificateUse.isUsed,
    onCertificate: (presented) => clientAuth.certificates.learn(presented),
    onlyProxies: tls === undefined,
    onRefusal: (request, error) => recordEarlyRefusal(recording, request, error),
    meterFor,
  })
}

async function listenFor({ live }: Means, closers: Closers, options: ListenerOptions): Promise<number> {
  const listener = await listen(options)
  closers.add(() => listener.drain(live.current.shutdown.timeout * 1000))
  live.follow(({ certificate, clientAuthorities, runtime }) => {
    const before = live.current
    // With other authorities, too: a session that is resumed lacks the certificates that lead to them.
    const isOther =
      certificate?.cert !== before.certificate?.cert ||
      certificate?.key !== before.certificate?.key ||
      clientAuthorities !== before.clientAuthorities
    const present = certificate !== undefined && isOther ? listener.prepareCertificate(certificate) : () => {}
    return () => {
      present()
      options.proxies.replace(runtime.trusted_proxies)
    }
  })
  return listener.port
}

const common = ({ issuer, runtime, http }: Config, { log, clock, random }: Means) => ({
  proxies: new TrustedProxies(runtime.trusted_proxies, runtime.forwarded_header),
  certificateHeader: runtime.certificate_header === 'off' ? undefined : runtime.certificate_header,
  timeouts: {
    handshake: http.handshake_timeout * 1000,
    headers: http.headers_timeout * 1000,
    request: http.request_timeout * 1000,
    keepAlive: http.keep_alive_timeout * 1000,
  },
  mostIdle: http.idle_connections,
  challenge: `Basic realm="${issuer}", charset="UTF-8"`,
  clock,
  random,
  onDefect: (error: unknown, requestId: string) => log.error({ err: error, request_id: requestId }, 'a request failed'),
})
