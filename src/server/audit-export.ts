import { Exporter } from '../audit/export/exporter.ts'
import { openSink } from '../audit/export/sinks.ts'
import { AddressRules } from '../client-auth/remote-jwks/addresses.ts'
import { proxyOf } from '../client-auth/remote-jwks/proxy.ts'
import type { Readings } from '../observability/readings.ts'
import { Outbound } from '../outbound/outbound.ts'
import { DAY_MS } from '../platform/clock.ts'
import { version } from '../platform/version.ts'
import type { Store } from '../store/tables/sql-store.ts'
import type { Dependencies } from './environment.ts'

/** The export to one system. */
interface RunningExport {
  readonly sink: string
  readonly exporter: Exporter
}

/** Starts to export events to the configured systems. */
export function openExports(
  { config, clock, random, log, lookup, shutdown, onFailure }: Dependencies,
  { exports }: Store,
): readonly RunningExport[] {
  if (config.exports.length === 0) return []
  const transport = new Outbound({
    addresses: new AddressRules(config.outbound.allow),
    proxy: proxyOf(config.outbound),
    ...(config.outboundAuthorities && { ca: [config.outboundAuthorities] }),
    lookup,
  })
  return config.exports.map((configured) => {
    const { name } = configured
    const exporter = new Exporter({
      name,
      sink: openSink(configured, { transport, clock, version }),
      store: exports,
      clock,
      random,
      retention: config.audit.retention_days * DAY_MS,
      onFailure: onFailure(`audit events could not be exported to ${name}`),
      onLoss: (message) => log.warn({ sink: name }, `audit export: ${message}`),
    })
    exporter.start()
    shutdown.add(() => exporter.stop())
    return { sink: name, exporter }
  })
}

export function readExports(exports: readonly RunningExport[], retentionDays: number): Readings {
  const of = exports.map(({ sink, exporter }) => ({ labels: { sink }, counts: exporter.counts }))
  // Only the process that exports knows how far it is.
  const lags = of.flatMap(({ labels, counts: { lag } }) => (lag === undefined ? [] : [{ labels, lag }]))
  return {
    tessera_audit_export_events_total: of.map(({ labels, counts }) => ({ labels, value: counts.exported })),
    tessera_audit_export_failures_total: of.map(({ labels, counts }) => ({ labels, value: counts.failures })),
    tessera_audit_export_missed_total: of.map(({ labels, counts }) => ({ labels, value: counts.missed })),
    tessera_audit_export_lag_seconds: lags.map(({ labels, lag }) => ({ labels, value: lag / 1000 })),
    tessera_audit_export_retention_used_ratio: lags.map(({ labels, lag }) => ({
      labels,
      value: lag / (retentionDays * DAY_MS),
    })),
  }
}
