import { parseArgs } from 'node:util'
import { type ScenarioName, type Severity, scenarios } from './failures.ts'
import { ISSUING, type Issuing, type Plan, SURVIVED } from './plan.ts'

/** The options of a run. */
export interface Options {
  readonly plan: Plan
  readonly severity: Severity
  readonly scenarios: readonly ScenarioName[]
  readonly seed: number
  /** Requests that each simulated queue serves. */
  readonly requests: number
  /** Print the table of `docs/operating/scale.md` alone. */
  readonly growth: boolean
}

/** Every option that takes a value: its default and its help text. */
const OPTIONS = {
  rate: ['30000', 'tokens a second, in all regions together'],
  mix: [
    'es256_basic=0.8,private_key_jwt=0.1,dpop=0.05,sealed=0.05',
    `parts that add up to 1, of ${ISSUING.join(', ')}`,
  ],
  introspections: ['0.1', 'introspections for each token'],
  regions: ['1', 'regions, each with an equal share'],
  'cores-per-node': ['8', 'cores of a node, each with a worker'],
  utilisation: ['0.6', 'the share of each core that may be busy before any failure'],
  survive: ['node', `the largest failure after which the rest serves everything: ${SURVIVED.join(', ')}`],
  'utilisation-after-loss': ['0.85', 'the share of each core that may be busy after that failure'],
  clients: ['10000', 'clients, in all regions together'],
  cache: [
    '1000000',
    'clients that a process keeps in memory (`cache.clients`; by default, as many as its memory allows)',
  ],
  'requests-per-connection': ['100', 'requests over one connection; 0 where TLS ends at a proxy'],
  resumed: ['0.5', 'the share of connections that resume a TLS session'],
  revocations: ['10', 'tokens revoked one by one, a second'],
  lifetime: ['14400', 'seconds that tokens live'],
  audit: ['database', 'the place of audit events: database, or elsewhere (which needs a store of your own)'],
  'database-rows': ['100000', 'rows a second that one database commits'],
  'database-connections': ['1000', 'connections that one database takes'],
  'connections-per-process': ['10', 'connections that each process holds at most (`storage_connections`)'],
  'cores-per-database': ['16', 'cores of a database server, for the cost'],
  'core-hour': ['0.04', 'the price of a core for an hour, in any currency'],
  scenario: ['all', `all, none, or some of ${Object.keys(scenarios).join(', ')}`],
  detection: ['5', 'seconds until the load balancer notices a loss'],
  away: ['20', 'seconds for which the databases do not answer'],
  verifiers: ['10000', 'processes that verify tokens, in all regions together'],
  revoked: ['1000000', 'tokens that are revoked at once, in one database'],
  seed: ['1', 'the same seed gives the same figures'],
  requests: ['200000', 'requests that each simulated queue serves'],
} as const satisfies Record<string, readonly [fallback: string, description: string]>

type OptionName = keyof typeof OPTIONS

export const help = `Usage: npm run simulate -- [options]

Sizes Tessera for a load, and simulates its answers and its failures (docs/operating/scale.md).

${Object.entries(OPTIONS)
  .map(([name, [fallback, description]]) => `  --${name} VALUE\n      ${description} (${fallback})`)
  .join('\n')}
  --growth
      print the table of docs/operating/scale.md and nothing else
  --help
      print this
`

/** @returns undefined if help is asked for. @throws TypeError that names the option at fault */
export function parseOptions(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...Object.fromEntries(Object.keys(OPTIONS).map((name) => [name, { type: 'string' } as const])),
      growth: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help === true) return undefined
  const given: Readonly<Record<string, unknown>> = values
  const textOf = (name: OptionName): string => {
    const value = given[name]
    return typeof value === 'string' ? value : OPTIONS[name][0]
  }
  const atLeast = (name: OptionName, least: number, most = Number.POSITIVE_INFINITY): number => {
    const value = textOf(name) === '' ? Number.NaN : Number(textOf(name))
    if (!(value >= least && value <= most && Number.isFinite(value)))
      throw new TypeError(`--${name} must be a number from ${least}${Number.isFinite(most) ? ` to ${most}` : ''}`)
    return value
  }
  const whole = (name: OptionName, least: number): number => {
    const value = atLeast(name, least)
    if (!Number.isInteger(value)) throw new TypeError(`--${name} must be a whole number`)
    return value
  }
  const oneOf = <Value extends string>(name: OptionName, allowed: readonly Value[]): Value => {
    const found = allowed.find((value) => value === textOf(name))
    if (found === undefined) throw new TypeError(`--${name} must be one of ${allowed.join(', ')}`)
    return found
  }
  return {
    plan: {
      rate: atLeast('rate', 0.001),
      mix: parseMix(textOf('mix')),
      introspections: atLeast('introspections', 0),
      regions: whole('regions', 1),
      coresPerNode: whole('cores-per-node', 1),
      utilisation: atLeast('utilisation', 0.01, 0.99),
      survive: oneOf('survive', SURVIVED),
      utilisationAfterLoss: atLeast('utilisation-after-loss', 0.01, 0.99),
      clients: whole('clients', 1),
      cache: whole('cache', 1),
      requestsPerConnection: atLeast('requests-per-connection', 0),
      resumed: atLeast('resumed', 0, 1),
      revocations: atLeast('revocations', 0),
      lifetime: atLeast('lifetime', 1),
      audit: oneOf('audit', ['database', 'elsewhere']),
      databaseRows: atLeast('database-rows', 1),
      databaseConnections: whole('database-connections', 1),
      connectionsPerProcess: whole('connections-per-process', 1),
      coresPerDatabase: atLeast('cores-per-database', 0),
      coreHour: atLeast('core-hour', 0),
    },
    severity: {
      detection: atLeast('detection', 0),
      away: atLeast('away', 0),
      verifiers: whole('verifiers', 0),
      revoked: whole('revoked', 0),
    },
    scenarios: parseScenarios(textOf('scenario')),
    seed: whole('seed', 0),
    requests: whole('requests', 1000),
    growth: values['growth'] === true,
  }
}

function parseMix(text: string): Readonly<Record<Issuing, number>> {
  const mix: Record<Issuing, number> = { es256_basic: 0, private_key_jwt: 0, dpop: 0, sealed: 0 }
  for (const part of text.split(',')) {
    const [name, share] = part.split('=')
    const kind = ISSUING.find((known) => known === name)
    const value = Number(share || Number.NaN)
    if (kind === undefined || !(value >= 0)) throw new TypeError(`--mix has no such part: ${part}`)
    mix[kind] = value
  }
  const sum = ISSUING.reduce((total, kind) => total + mix[kind], 0)
  if (Math.abs(sum - 1) > 1e-6) throw new TypeError(`--mix adds up to ${sum}, not to 1`)
  return mix
}

function parseScenarios(text: string): readonly ScenarioName[] {
  const known = Object.keys(scenarios).filter((name): name is ScenarioName => name in scenarios)
  if (text === 'all') return known
  if (text === 'none') return []
  return text.split(',').map((name) => {
    const found = known.find((scenario) => scenario === name)
    if (found === undefined) throw new TypeError(`--scenario knows no ${name}`)
    return found
  })
}
