import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { generateSecret } from '../../../src/model/credentials/generate-secret.ts'
import { collectLog } from '../../harness/log.ts'
import { type Scrape, scrape } from '../../harness/scrape.ts'
import { basic, startTestServer, type TestServer } from '../../harness/server.ts'
import { until } from '../../harness/until.ts'

/** The secret of a client. It has the form of generated ones, so that tests may try it before the client is there. */
export const secretOf = (id: string): string =>
  generateSecret((size) => createHash('sha256').update(id).digest().subarray(0, size))

/** A manifest of one API and these clients. */
export const manifestOf = (...ids: readonly string[]): string => `
apis: [{ audience: "https://api", scopes: [{ name: read }] }]
clients: [${ids.map(clientOf).join(', ')}]
`

export const clientOf = (id: string): string =>
  `{ client_id: ${id}, scopes: [read], credentials: [{ label: main, secret: ${secretOf(id)} }] }`

/** A folder of files, which goes when the test ends. */
export interface Folder {
  readonly path: string
  write(name: string, content: string): void
  remove(name: string): void
}

export function newFolder(files: Readonly<Record<string, string>> = {}): Folder {
  const path = mkdtempSync(join(tmpdir(), 'tessera-manifest-'))
  onTestFinished(() => rmSync(path, { recursive: true }))
  const folder: Folder = {
    path,
    write: (name, content) => {
      mkdirSync(dirname(join(path, name)), { recursive: true })
      writeFileSync(join(path, name), content)
    },
    remove: (name) => rmSync(join(path, name)),
  }
  for (const [name, content] of Object.entries(files)) folder.write(name, content)
  return folder
}

/** A server that serves a folder, and its log. */
export interface Served {
  readonly server: TestServer
  readonly lines: readonly Record<string, unknown>[]
  /** The lines of the log with this message. */
  logged(message: RegExp): readonly Record<string, unknown>[]
}

/** Starts a server that serves a folder. It stops when the test ends. @param manifest applied before it starts */
export async function serve(
  folder: Folder,
  options: Readonly<Record<string, string>> = {},
  manifest?: string,
): Promise<Served> {
  const { log, lines } = collectLog()
  const server = await startTestServer({
    options: { manifest: folder.path, ...options },
    log,
    ...(manifest !== undefined && { manifest }),
  })
  onTestFinished(() => server.stop())
  return { server, lines, logged: loggedIn(lines) }
}

export const loggedIn = (lines: Served['lines']) => (message: RegExp) =>
  lines.filter(({ msg }) => typeof msg === 'string' && message.test(msg))

/** The status of a request for a token. */
export const tokenStatus = async (
  server: Pick<TestServer, 'token'>,
  id: string,
  secret = secretOf(id),
): Promise<number> =>
  (await server.token({ grant_type: 'client_credentials', scope: 'read' }, basic(id, secret))).status

/** Waits until a request for a token has this status. @returns the milliseconds that this took */
export const untilToken = (server: Pick<TestServer, 'token'>, id: string, status = 200, secret?: string) =>
  until(async () => (await tokenStatus(server, id, secret)) === status)

/** The state of the files as the admin listener shows it: the metric, and the answer of `/readyz`. */
export async function stateOf(admin: string) {
  const metrics: Scrape = await scrape(admin)
  const ready = await fetch(`${admin}/readyz`)
  return {
    upToDate: metrics.value('tessera_manifest_up_to_date'),
    appliedAt: metrics.value('tessera_manifest_applied_timestamp_seconds'),
    status: ready.status,
    body: (await ready.json()) as Readonly<Record<string, unknown>>,
  }
}

/** Waits until the files are in force, or are not. */
export const untilUpToDate = (admin: string, value: 0 | 1) =>
  until(async () => (await stateOf(admin)).upToDate === value)
