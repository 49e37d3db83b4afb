/**
 * `npm run soak` runs two servers on one database at half load for an hour, disturbs them, and fails if anything grows or any answer
 * is not the expected one.
 */

import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { clientKey } from '../client-key.ts'
import { issuer, resourceServer } from '../fleet.ts'
import { machine } from '../machine.ts'
import { type BenchDatabase, makeDatabase } from '../servers/databases.ts'
import { watchProcessor, watchWaiting } from '../usage.ts'
import { cores, Workspace } from '../workspace.ts'
import { Disturbances } from './disturbances.ts'
import { bound, edge, lasting, opener, revoker, rotating, services, signers } from './fleet.ts'
import { SoakNode, tessera } from './node.ts'
import { help, parseOptions, type SoakOptions } from './options.ts'
import { type Outcome, soakPage } from './page.ts'
import { Samples } from './samples.ts'
import { Traffic } from './traffic.ts'
import { judge } from './verdict.ts'

/** Seconds of full load before the rate is measured, and while it is. */
const WARM_SECONDS = 5
const MEASURED_SECONDS = 20
/** The part of the run for which days of retention, which are minutes here, keep rows. */
const KEPT_PART = 1 / 12
/** Seconds. */
const REPORTED_EVERY = 60

const say = (text: string): void => {
  process.stderr.write(`${new Date().toISOString()} ${text}\n`)
}

interface Stage {
  readonly database: BenchDatabase
  /** The server that lives for the whole run, and the one that is restarted. */
  readonly nodes: readonly [SoakNode, SoakNode]
  readonly minutesKept: number
  /** The environment of commands, under the one master key and under the other. */
  readonly commands: readonly [Record<string, string>, Record<string, string>]
}

/** Makes the database with what stays for the whole run, and starts both servers. */
async function setUp(options: SoakOptions, workspace: Workspace): Promise<Stage> {
  const database = await makeDatabase(options.database, workspace, workspace.folder, 'on')
  const common = { TESSERA_ISSUER: issuer, TESSERA_STORAGE: database.url }
  const run = (...args: readonly string[]) =>
    workspace.start({ args: [...tessera, ...args], env: common, usesAllCores: true }, cores.load).done()
  const file = join(workspace.folder, 'lasting.json')
  writeFileSync(file, JSON.stringify(lasting))
  await run('storage', 'migrate')
  await run('apply', '-f', file)

  const [first, second] = [makeKey(workspace, 'first.key'), makeKey(workspace, 'second.key')]
  const minutesKept = Math.max(1, Math.floor(options.minutes * KEPT_PART))
  const shared = { storage: database.url, masterKeyFile: first, previousMasterKeyFile: second, minutesKept }
  const under = (key: string, previous: string) => ({
    ...common,
    TESSERA_MASTER_KEY_FILE: key,
    TESSERA_PREVIOUS_MASTER_KEY_FILE: previous,
  })
  return {
    database,
    minutesKept,
    // One after the other, since the first makes the keys.
    nodes: [await SoakNode.start('lasting', workspace, shared), await SoakNode.start('restarted', workspace, shared)],
    commands: [under(first, second), under(second, first)],
  }
}

function makeKey(workspace: Workspace, name: string): string {
  const file = join(workspace.folder, name)
  writeFileSync(file, randomBytes(32).toString('base64'), { mode: 0o600 })
  return file
}

async function soak(options: SoakOptions, workspace: Workspace): Promise<Outcome> {
  const { database, nodes, minutesKept, commands } = await setUp(options, workspace)
  const [one, other] = nodes
  const traffic = new Traffic(workspace, {
    backends: nodes.map(({ name, origin, admin }) => ({ name, origin, admin })),
    ...{ services, signers, bound, opener, revoker, rotating, edge, watcher: resourceServer, key: clientKey },
  })
  // With a given rate, none is measured.
  for (const seconds of options.rate === undefined ? [WARM_SECONDS, MEASURED_SECONDS] : [])
    await traffic.order({ order: 'fill', seconds })
  const { full } = await traffic.order({ order: 'report' })
  const rate = options.rate ?? full / 2
  say(`${Math.round(full)} answers a second at full load; the soak sends ${Math.round(rate)}`)

  const samples = await Samples.start(database)
  const disturbances = new Disturbances({ workspace, lasting: one, restarted: other, traffic, commands })
  const before = (await traffic.order({ order: 'run', rate })).answered
  const [used, waited] = [watchProcessor(one.pid), watchWaiting(one.pid)]
  disturbances.start()
  const seconds = options.minutes * 60
  for (let next = 0; samples.elapsed < seconds; next += options.every) {
    await sleep(Math.max(0, Math.min(next, seconds) - samples.elapsed) * 1000)
    await samples.take(nodes, keptForGood(one.lives + other.lives, disturbances))
    if (next % REPORTED_EVERY === 0)
      say(`${Math.round(samples.elapsed)} s: ${JSON.stringify(await traffic.order({ order: 'report' }))}`)
  }
  const lasted = samples.elapsed
  const [busy, starved] = [used() ?? Number.NaN, waited()].map((ms) => ms / 1000 / lasted)
  await disturbances.end()
  const report = await traffic.order({ order: 'stop' })
  await disturbances.verify()
  await samples.close()
  const sources = [report, disturbances, samples, one, other]
  const verdict = judge(
    samples.series,
    sources.flatMap(({ unexpected }) => unexpected),
  )
  const { counts } = disturbances
  if (options.json !== undefined)
    writeFileSync(options.json, JSON.stringify({ series: samples.series, report, disturbances: counts, verdict }))
  return {
    ...{ machine: machine(), options, lasted, minutesKept, full, rate, busy, starved, report, verdict },
    reached: (report.answered - before) / lasted,
    disturbances: counts,
  }
}

/** The rows that each start and each rotation add for good, because the audit log needs them (decision 32). */
const keptForGood = (starts: number, { counts }: Disturbances) => ({
  audit_chain: 2 * starts,
  audit_removal: 2 * starts,
  audit_key: counts['rotation of the key of the audit log'] ?? 0,
})

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2))
  if (options === undefined) {
    process.stdout.write(help)
    return
  }
  // `process.exit` runs the workspace's clean-up as on any other way out.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
  const workspace = new Workspace()
  try {
    const outcome = await soak(options, workspace)
    const page = soakPage(outcome)
    process.stdout.write(page)
    if (options.results !== undefined) writeFileSync(options.results, page)
    if (outcome.verdict.faults.length > 0) process.exitCode = 1
  } finally {
    await workspace.close()
  }
}

main().catch((error: unknown) => {
  say(`soak: ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
})
