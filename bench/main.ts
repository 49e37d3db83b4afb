/**
 * `npm run bench` compares Tessera with the floor and with a peer, in one run. `scenarios.ts` lists the measurements.
 */

import { writeFileSync } from 'node:fs'
import { measureLists } from './lists.ts'
import { LoadProcess } from './load/process.ts'
import { machine } from './machine.ts'
import { type Measurement, measure } from './measure.ts'
import { help, type Options, parseOptions } from './options.ts'
import { profile } from './profile/profile.ts'
import { fairness, listsVerdict, type Row, rowsOf, startingVerdict, table, verdicts } from './report.ts'
import { resultsPage } from './results.ts'
import { selected, subject } from './scenarios.ts'
import { measureStarting } from './starting.ts'
import { canPin, cores, Workspace } from './workspace.ts'

/** The folder of flame graphs. */
const PROFILES = '.profile'

const print = (text: string): void => {
  process.stdout.write(`${text}\n`)
}

/** Reports progress on standard error, so that pipes don't see it. */
const say = (text: string): void => {
  process.stderr.write(`${text}\n`)
}

function describe({ seconds, rounds, warmup, connections }: Options): string {
  return [
    `machine: ${machine()}`,
    canPin
      ? `pinned: one server at a time on core ${cores.server}, the load on core ${cores.load}`
      : 'NOT pinned: this takes two cores and taskset; the figures say little',
    `load: bench/load, on node:net: ${connections} keep-alive connections over loopback, one request under way on each;`,
    '      client_secret_basic, all clients (or, to introspect, all tokens) in turn; any answer but 200 fails the run',
    `time: the median of ${rounds} rounds of ${seconds} s, servers in turn, each warmed for ${warmup} s and each of its requests once`,
  ].join('\n')
}

async function bench(options: Options, workspace: Workspace): Promise<void> {
  const load = new LoadProcess(workspace)
  const rows: Row[] = []
  const reached: string[] = []
  const measured: Measurement[] = []
  const described = describe(options)
  print(`${described}\n`)
  for (const scenario of selected(options.only)) {
    const measurements = await measure(scenario, options, { workspace, load, say })
    const ofScenario = rowsOf(scenario, measurements)
    rows.push(...ofScenario)
    reached.push(verdicts(scenario, ofScenario))
    measured.push(...measurements)
  }
  for (const database of ['sqlite', 'postgres'] as const) {
    const name = `lists of a million clients, ${database}`
    if (!name.includes(options.only)) continue
    say(name)
    reached.push(listsVerdict(name, await measureLists(workspace, database)))
  }
  if (rows.length === 0 && reached.length === 0)
    throw new Error(`no row has ${JSON.stringify(options.only)} in its name`)
  if (options.only === '') {
    say('how it starts')
    reached.push(startingVerdict(await measureStarting(workspace)))
  }
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify({ rows }, undefined, 2)}\n`)
  const fair = fairness(measured)
  if (options.results !== undefined) writeFileSync(options.results, resultsPage({ described, rows, reached, fair }))
  print(`${table(rows)}\n${reached.join('')}`)
  print(fair)
}

async function drawProfile(options: Options, workspace: Workspace): Promise<void> {
  const scenario = selected(options.only).find(({ servers }) => servers.some(({ name }) => name === subject))
  if (scenario === undefined) throw new Error(`no row has ${JSON.stringify(options.only)} in its name`)
  const means = { workspace, load: new LoadProcess(workspace) }
  const drawn = await profile(scenario, options, means, PROFILES)
  print(`${drawn.file}\n\nmost time for themselves, of all that was not idle:`)
  for (const { what, share } of drawn.hottest) print(`${(share * 100).toFixed(1).padStart(5)}%  ${what}`)
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2))
  if (options === undefined) return print(help)
  // `process.exit` runs the workspace's clean-up as on any other way out.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
  const workspace = new Workspace()
  try {
    await (options.profile ? drawProfile : bench)(options, workspace)
  } finally {
    await workspace.close()
  }
}

main().catch((error: unknown) => {
  say(`bench: ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
})
