import { rmSync } from 'node:fs'
import type { Config } from '../../src/config/resolve.ts'
import { environmentOf, type RunningCommand, startTessera } from './cli.ts'
import { freePort } from './port.ts'
import { type RoundRobin, startRoundRobin } from './round-robin.ts'
import { applyTo, testConfig } from './server.ts'

/** One of several processes that serve the same issuer. */
export interface Node {
  /** The process's own address, which bypasses the proxy. */
  readonly url: string
  readonly admin: string
  /** Stops the process and starts it anew. Resolves once it is ready. */
  restart(signal?: NodeJS.Signals): Promise<void>
}

/** Several processes on one database, behind a proxy at the issuer's address. */
export interface Nodes {
  readonly issuer: string
  readonly config: Config
  /** The environment of commands that administer them. */
  readonly env: Readonly<Record<string, string>>
  readonly nodes: readonly Node[]
  readonly balancer: RoundRobin
  stop(): Promise<void>
}

interface NodesOptions {
  readonly count: number
  /** The address of an empty database. */
  readonly storage: string
  /** YAML, applied before the processes start. */
  readonly manifest: string
  /** Changes to the environment of the processes. */
  readonly env?: Readonly<Record<string, string>>
}

/** Starts all processes at once. The caller stops them. */
export async function startNodes({ count, storage, manifest, env = {} }: NodesOptions): Promise<Nodes> {
  const { config, folder } = await testConfig({ storage })
  await applyTo(config, manifest)
  const nodes = await Promise.all(Array.from({ length: count }, () => startNode(config, env)))
  const balancer = await startRoundRobin(config.runtime.port, nodes)
  return {
    issuer: config.issuer,
    config,
    env: environmentOf(config),
    nodes,
    balancer,
    stop: async () => {
      await Promise.all(nodes.map((node) => node.stop()))
      await balancer.stop()
      rmSync(folder, { recursive: true })
    },
  }
}

/**
 * Starts a process on free ports. The caller stops it. @param changes to its environment @param main its program, if it is not the one
 * of this checkout
 */
export async function startNode(common: Config, changes: Readonly<Record<string, string>>, main?: string) {
  const port = await freePort()
  const adminPort = await freePort()
  const { runtime, admin } = common
  const config = { ...common, runtime: { ...runtime, port }, admin: { ...admin, port: adminPort } }
  const environment = environmentOf(config, changes)
  async function start(): Promise<RunningCommand> {
    const command = startTessera(['serve'], environment, '', main === undefined ? {} : { main })
    await command.printed(/is served on/)
    return command
  }
  let command = await start()
  return {
    port,
    url: `https://localhost:${port}`,
    admin: `https://localhost:${adminPort}`,
    restart: async (signal: NodeJS.Signals = 'SIGTERM') => {
      await command.stop(signal)
      command = await start()
    },
    stop: (signal: NodeJS.Signals = 'SIGKILL') => command.stop(signal),
  }
}
