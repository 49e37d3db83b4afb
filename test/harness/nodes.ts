import { rmSync } from 'node:fs'
import type { Config } from '../../src/config/resolve.ts'
import { environmentOf, type RunningCommand, startTessera } from './cli.ts'
import { freePort } from './port.ts'
import { type RoundRobin, startRoundRobin } from './round-robin.ts'
import { applyTo, testConfig } from './server.ts'

/** One process of several that serve one issuer. */
export interface Node {
  /** Where it is asked past the proxy. */
  readonly url: string
  readonly admin: string
  /** Ends it, and starts it anew. Resolves once it is ready. */
  restart(signal?: NodeJS.Signals): Promise<void>
}

/** Processes with one database, behind a proxy whose address is the issuer. */
export interface Nodes {
  readonly issuer: string
  readonly config: Config
  /** The environment of a command that administers them. */
  readonly env: Readonly<Record<string, string>>
  readonly nodes: readonly Node[]
  readonly balancer: RoundRobin
  stop(): Promise<void>
}

interface NodesOptions {
  readonly count: number
  /** The address of an empty database. */
  readonly storage: string
  /** YAML; applied before they start. */
  readonly manifest: string
  /** What differs in their environment. */
  readonly env?: Readonly<Record<string, string>>
}

/** Starts them all at once; whoever does stops them. */
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

async function startNode(common: Config, changes: Readonly<Record<string, string>>) {
  const port = await freePort()
  const adminPort = await freePort()
  const { runtime, admin } = common
  const config = { ...common, runtime: { ...runtime, port }, admin: { ...admin, port: adminPort } }
  const environment = environmentOf(config, changes)
  async function start(): Promise<RunningCommand> {
    const command = startTessera(['serve'], environment)
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
    stop: () => command.stop('SIGKILL'),
  }
}
