import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeClients } from '../fleet.ts'
import type { LoadProcess } from '../load/process.ts'
import type { Options } from '../options.ts'
import { RunningServer } from '../running-server.ts'
import { rowName, type Scenario, subject } from '../scenarios.ts'
import type { BenchServer } from '../servers/server.ts'
import type { Workspace } from '../workspace.ts'
import { callTree, flameGraph, hottest } from './flame-graph.ts'

const SAMPLES_EVERY_US = 200
const HOTTEST = 15

interface Profiled {
  /** The path of the flame graph. */
  readonly file: string
  readonly hottest: ReturnType<typeof hottest>
}

/**
 * Puts the subject of a scenario under load with V8's profiler, and draws a flame graph. @param folder for the drawing
 */
export async function profile(
  scenario: Scenario,
  { seconds, rounds, warmup, connections }: Options,
  { workspace, load }: { readonly workspace: Workspace; readonly load: LoadProcess },
  folder: string,
): Promise<Profiled> {
  const server = scenario.servers.find(({ name }) => name === subject)
  if (server === undefined) throw new Error(`${scenario.name} has no ${subject}`)
  const profiles = join(workspace.folder, 'profiles')
  const running = await RunningServer.start(
    profiled(server, profiles),
    scenario.task,
    workspace,
    makeClients(scenario.clients),
  )
  await running.load(load, { connections, seconds: warmup + seconds * rounds, atLeast: 0 })
  await running.finish()
  const [written] = globSync(join(profiles, '*.cpuprofile'))
  if (written === undefined) throw new Error('the profiler wrote nothing')
  const tree = callTree(JSON.parse(readFileSync(written, 'utf8')))
  mkdirSync(folder, { recursive: true })
  const name = rowName(server.name, scenario)
  const file = join(folder, `${name.replaceAll(/[^a-z0-9]+/gi, '-')}.svg`)
  writeFileSync(file, flameGraph(tree, name))
  return { file, hottest: hottest(tree, HOTTEST) }
}

const profiled = (server: BenchServer, folder: string): BenchServer => ({
  ...server,
  prepare: async (...parameters) => {
    const program = await server.prepare(...parameters)
    const flags = ['--cpu-prof', `--cpu-prof-dir=${folder}`, `--cpu-prof-interval=${SAMPLES_EVERY_US}`]
    return { ...program, args: [...flags, ...program.args] }
  },
})
