/** Texts about the servers that share the database. */
export const nodes = {
  title: 'Servers',
  lead: 'They share the database, and should run one version with one configuration.',
  host: 'Host',
  state: 'State',
  states: { ok: 'answers', stale: 'is silent', unavailable: 'cannot answer' },
  seen: 'last seen',
  version: 'Version',
  configuration: 'Configuration',
  differs: 'differs',
  started: 'Started',
  workers: 'Processes',
  lag: 'Lag',
  perMinute: 'Requests a minute',
  percentiles: 'Milliseconds, p50 / p95 / p99',
  thisOne: '(this one)',
  milliseconds: (value: number) => `${value.toLocaleString('en', { maximumFractionDigits: 1 })} ms`,
} as const
