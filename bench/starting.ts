import { execFileSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { makeClients } from './fleet.ts'
import { tessera } from './servers/tessera.ts'
import { getToken } from './tasks/issuing.ts'
import { residentBytes } from './usage.ts'
import { cores, type Workspace } from './workspace.ts'

/** The start-up time and the idle memory of a server. */
export interface Starting {
  /** Median of the seconds from the start of the process to the first token. */
  readonly firstToken: number
  /** Bytes of memory after the token and some idle seconds, or undefined if the system doesn't tell. */
  readonly idleBytes: number | undefined
}

const TIMES = 7
const IDLE_MS = 5_000

const root = fileURLToPath(new URL('..', import.meta.url))

/** Starts the published package repeatedly, on a database that has its keys. Rejects if it issues no token. */
export async function measureStarting(workspace: Workspace): Promise<Starting> {
  const clients = makeClients(1)
  const folder = mkdtempSync(join(workspace.folder, 'starting-'))
  // The build takes 30 MB less memory than the sources, because Node needn't strip types.
  execFileSync(process.execPath, ['scripts/build.ts'], { cwd: root })
  const command = join(root, 'dist/bin/tessera.cjs')
  const program = await tessera({ command }).prepare(workspace, folder, clients)
  const times: number[] = []
  let idleBytes: number | undefined
  for (let time = 0; time < TIMES; time += 1) {
    const from = performance.now()
    const server = workspace.start(program, cores.server)
    const [origin] = await server.says(/http:\/\/127\.0\.0\.1:\d+/)
    await getToken(origin, clients[0])
    times.push((performance.now() - from) / 1000)
    if (time === TIMES - 1) {
      await sleep(IDLE_MS)
      idleBytes = residentBytes(server.pid)
    }
    await server.stop()
  }
  return { firstToken: times.toSorted((one, other) => one - other)[Math.floor(TIMES / 2)] ?? Number.NaN, idleBytes }
}
