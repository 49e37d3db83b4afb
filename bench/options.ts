import { parseArgs } from 'node:util'

/** How the bench is run. */
export interface Options {
  /** Of one measurement. */
  readonly seconds: number
  /** Of load before the first measurement of each server. */
  readonly warmup: number
  readonly rounds: number
  readonly connections: number
  /** Where the rows are written. */
  readonly json: string | undefined
  /** Rows whose name holds this are measured. */
  readonly only: string
  /** Where what was measured is written for people to read. */
  readonly results: string | undefined
  /** Whether, in place of measuring, one server is looked into. */
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

/** @returns undefined where help is asked for. @throws TypeError naming what can't be read */
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
