import { makeClients } from './fleet.ts'
import type { LoadProcess } from './load/process.ts'
import type { Options } from './options.ts'
import { type Round, RunningServer } from './running-server.ts'
import type { Scenario } from './scenarios.ts'
import type { BenchServer } from './servers/server.ts'
import type { Workspace } from './workspace.ts'

/** The measurement of a server: its median round by requests per second, and its memory after the last round. */
export interface Measurement extends Round {
  readonly server: BenchServer
  /** Undefined if the system doesn't tell. */
  readonly rssBytes: number | undefined
  /** Latency at half the requests per second. */
  readonly atHalf: Pick<Round, 'p50_ms' | 'p99_ms'>
  /** Whether it also used the load's core. */
  readonly usesAllCores: boolean
}

/** The parts of the run that a measurement needs. */
interface Means {
  readonly workspace: Workspace
  readonly load: LoadProcess
  /** Reports progress. */
  readonly say: (text: string) => void
}

/**
 * Measures the servers of a scenario in alternating rounds, so that other work on the machine affects all alike.
 * Rejects if a server fails or misbehaves.
 */
export async function measure(
  scenario: Scenario,
  { seconds, warmup, rounds, connections }: Options,
  { workspace, load, say }: Means,
): Promise<readonly Measurement[]> {
  const clients = makeClients(scenario.clients)
  const contenders: { readonly running: RunningServer; readonly results: Round[] }[] = []

  for (const server of scenario.servers) {
    say(`${scenario.name}: starting ${server.name}`)
    const running = await naming(server, RunningServer.start(server, scenario.task, workspace, clients))
    contenders.push({ running, results: [] })
  }
  for (const { running } of contenders) {
    say(`${scenario.name}: warming ${running.server.name}`)
    const order = { connections, seconds: warmup, atLeast: running.distinctRequests }
    await naming(running.server, running.load(load, order))
  }
  for (let round = 1; round <= rounds; round += 1) {
    for (const { running, results } of contenders) {
      const order = { connections, seconds, atLeast: 0 }
      const result = await naming(running.server, running.load(load, order))
      results.push(result)
      say(`${scenario.name}: round ${round}, ${running.server.name}: ${Math.round(result.rps)} requests/s`)
    }
  }
  const measurements: Measurement[] = []
  for (const { running, results } of contenders) {
    const { server, rssBytes, usesAllCores } = running
    const median = medianRound(results)
    const order = { connections, seconds: seconds * 2, atLeast: 0, rate: median.rps / 2 }
    const atHalf = await naming(server, running.load(load, order))
    await naming(server, running.finish())
    measurements.push({ ...median, server, rssBytes, atHalf, usesAllCores })
  }
  return measurements
}

function medianRound(results: readonly Round[]): Round {
  const median = results.toSorted((one, other) => one.rps - other.rps)[Math.floor(results.length / 2)]
  if (median === undefined) throw new Error('there was no round')
  return median
}

/** Names the server in a failure. */
async function naming<Result>({ name }: BenchServer, work: Promise<Result>): Promise<Result> {
  try {
    return await work
  } catch (cause) {
    throw new Error(`${name}: ${cause instanceof Error ? cause.message : cause}`, { cause })
  }
}
