/** A valid configuration, and ways to break it. */

import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { current } from '../harness/authority.ts'
import { type Issued, issue, keyPem, sans } from '../harness/certificates.ts'
import { freePort } from '../harness/port.ts'
import { type Printed, runTessera } from '../harness/program.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export interface CheckSetting {
  readonly folder: string
  /** The environment of the valid configuration. */
  readonly env: Readonly<Record<string, string>>
  /** Writes a file that only its owner can read. @returns its path */
  write(name: string, content: string | Buffer, mode?: number): string
  /** Writes a certificate and its key to files. */
  certify(made: Issued, ...chain: readonly Issued[]): Promise<{ readonly cert: string; readonly key: string }>
  /** Runs a command with the environment and changes to it. Undefined removes a variable. */
  run(args: readonly string[], changes?: Environment): Promise<Printed>
  /** Every file in the folder, with its visible attributes. */
  files(): readonly string[]
  stop(): void
}

export const MASTER_KEY = randomBytes(32).toString('base64')

/** A server certificate for localhost. */
export const issueServer = (spec: Parameters<typeof issue>[0] = {}): Promise<Issued> =>
  issue({ subject: 'CN=localhost', extensions: [sans({ type: 'dns', value: 'localhost' })], ...current(90), ...spec })

export async function openSetting(): Promise<CheckSetting> {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-check-'))
  let written = 0
  const write: CheckSetting['write'] = (name, content, mode = 0o600) => {
    written += 1
    const path = join(folder, 'files', `${written}-${name}`)
    mkdirSync(join(folder, 'files'), { recursive: true })
    writeFileSync(path, content)
    chmodSync(path, mode)
    return path
  }
  const certify: CheckSetting['certify'] = async (made, ...chain) => ({
    cert: write('cert.pem', [made, ...chain].map(({ pem }) => pem).join('\n')),
    key: write('key.pem', await keyPem(made)),
  })
  const { cert, key } = await certify(await issueServer())
  const port = await freePort()
  const env = {
    TESSERA_ISSUER: `https://localhost:${port}`,
    TESSERA_STORAGE: `sqlite:${join(folder, 'data', 'tessera.db')}`,
    TESSERA_MASTER_KEY: MASTER_KEY,
    TESSERA_RUNTIME_HOST: 'localhost',
    TESSERA_RUNTIME_PORT: String(port),
    TESSERA_ADMIN_PORT: String(await freePort()),
    TESSERA_TLS_CERT: cert,
    TESSERA_TLS_KEY: key,
    TESSERA_SHUTDOWN_TIMEOUT: '1',
  }
  return {
    folder,
    env,
    write,
    certify,
    run: (args, changes = {}) => {
      const changed = Object.entries({ ...env, ...changes }).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, value] as const],
      )
      return runTessera(args, Object.fromEntries(changed))
    },
    files: () => listFiles(folder),
    stop: () => rmSync(folder, { recursive: true }),
  }
}

function listFiles(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .map((path) => {
      const { mode, mtimeMs, size } = lstatSync(path)
      // The index of a write-ahead log is shared memory, which readers change (https://sqlite.org/walformat.html).
      const seen = path.endsWith('-shm') ? [] : [mode.toString(8), size, mtimeMs]
      return [relative(folder, path), ...seen].join(' ')
    })
    .toSorted()
}

/** A private key that belongs to none of the certificates. */
export const otherKey = (): string =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

export const readText = (path: string): string => readFileSync(path, 'utf8')
