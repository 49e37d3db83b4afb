import { parseArgs } from 'node:util'
import type { DatabaseKind } from '../servers/databases.ts'

export interface SoakOptions {
  readonly minutes: number
  readonly database: DatabaseKind
  /** Requests a second; undefined for half of the measured rate. */
  readonly rate: number | undefined
  /** Seconds between two samples. */
  readonly every: number
  /** The file for the results as a page. */
  readonly results: string | undefined
  /** The file for all samples as JSON. */
  readonly json: string | undefined
}

export const help = `Usage: npm run soak -- [options]

Runs two servers on one database at half load, with rotations, applies, reloads and restarts, and fails if anything grows or
any answer is not the expected one.

  --minutes N       minutes of load (60)
  --database KIND   sqlite or postgres (sqlite)
  --rate N          requests a second, rather than half of the measured rate
  --every N         seconds between two samples (10)
  --results FILE    write the results to FILE, as bench/SOAK.md has them
  --json FILE       write every sample to FILE
  --help            print this
`

/**
 * @returns undefined if help is requested
 * @throws TypeError if an option is invalid
 */
export function parseOptions(args: readonly string[]): SoakOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '60' },
      database: { type: 'string', default: 'sqlite' },
      rate: { type: 'string' },
      every: { type: 'string', default: '10' },
      results: { type: 'string' },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return undefined
  const { database, rate, results, json } = values
  if (database !== 'sqlite' && database !== 'postgres') throw new TypeError('--database must be sqlite or postgres')
  return {
    minutes: positive('minutes', values.minutes),
    database,
    rate: rate === undefined ? undefined : positive('rate', rate),
    every: positive('every', values.every),
    results,
    json,
  }
}

function positive(name: string, text: string): number {
  const value = Number(text)
  if (!Number.isFinite(value) || value <= 0) throw new TypeError(`--${name} must be a number above 0`)
  return value
}
