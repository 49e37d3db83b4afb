import { parseArgs } from 'node:util'

/** The options of the bench. */
export interface Options {
  /** Seconds of one measurement. */
  readonly seconds: number
  /** Seconds of load before a server's first measurement. */
  readonly warmup: number
  readonly rounds: number
  readonly connections: number
  /** The file for the rows as JSON. */
  readonly json: string | undefined
  /** Only rows whose name contains this are measured. */
  readonly only: string
  /** The file for the results as a page. */
  readonly results: string | undefined
  /** Whether to profile one server instead of measuring. */
  readonly profile: boolean
}

export const help = `Usage: npm run bench -- [options]

Measures Tessera beside the floor (bare node:http that signs, or verifies, or neither), oidc-provider, and itself.

  --seconds N      seconds of one measurement (2)
  --rounds N       measurements of each server, in turn; the median is reported (5)
  --warmup N       seconds of load on each server beforehand (4)
  --connections N  connections, each with one request under way (32)
  --only TEXT      only rows with TEXT in their name, such as "tessera" or "10,000 clients"
  --json FILE      write the rows to FILE
  --results FILE   write all of it to FILE, as bench/RESULTS.md has it
  --profile        rather than measure, draw a flame graph of Tessera in the first scenario that --only names, to .profile/
  --help           print this
`

/**
 * @returns undefined if help is requested
 * @throws TypeError if an option is invalid
 */
export function parseOptions(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string', default: '2' },
      rounds: { type: 'string', default: '5' },
      warmup: { type: 'string', default: '4' },
      connections: { type: 'string', default: '32' },
      only: { type: 'string', default: '' },
      json: { type: 'string' },
      results: { type: 'string' },
      profile: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return undefined
  const whole = (name: 'rounds' | 'connections') => {
    const count = positive(name)
    if (!Number.isInteger(count)) throw new TypeError(`--${name} must be a whole number`)
    return count
  }
  const positive = (name: 'seconds' | 'warmup' | 'rounds' | 'connections') => {
    const value = Number(values[name])
    if (!Number.isFinite(value) || value <= 0) throw new TypeError(`--${name} must be a number above 0`)
    return value
  }
  return {
    seconds: positive('seconds'),
    warmup: positive('warmup'),
    rounds: whole('rounds'),
    connections: whole('connections'),
    json: values.json,
    only: values.only,
    results: values.results,
    profile: values.profile,
  }
}
