import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { readImportedHash } from '../../../model/credentials/imported-hash.ts'
import { codeOf } from '../../../platform/system-error.ts'
import { Mistakes, UserError } from '../../../platform/user-error.ts'
import { errorAt, type Location } from './document.ts'
import { joined, type ManifestFile, type ParsedManifest, parseManifests } from './parse.ts'
import type { Manifest } from './schema.ts'

/** Characters. A thread takes longer to start than this takes to parse. */
const SMALL = 64 * 1024

/** The manifest for the thread. */
export interface Task {
  readonly files: readonly ManifestFile[]
  readonly unnamed: string | undefined
}

interface Places extends Readonly<Record<(typeof joined)[number], readonly Location[]>> {
  readonly beginning: Location
}

/** A manifest with its beginning and the position of each API, client and test, or its mistakes. */
export type Answer =
  | { readonly manifest: Manifest; readonly places: Places; readonly mistakes?: never }
  | { readonly mistakes: readonly string[] }

/**
 * Parses a manifest as `parseManifests` does. A large one takes seconds, and has a thread of its own, so that requests are handled
 * meanwhile. Its messages then have the line of the API, client or test, since the lines of all fields would take as much again.
 * @param memory the most megabytes of the thread; by default, those of a process @throws Mistakes as `parseManifests` does
 */
export async function parseManifestsAside(
  files: readonly ManifestFile[],
  unnamed?: string,
  memory?: number,
): Promise<ParsedManifest> {
  if (!isLarge(files)) return parseManifests(files, unnamed)
  const answer = await answerOfThread({ files, unnamed }, memory)
  if (answer.mistakes !== undefined) throw new Mistakes(answer.mistakes)
  const { manifest, places } = answer
  const locate: ParsedManifest['locate'] = (path) => {
    const [name, index, ...rest] = path
    const section = joined.find((one) => one === name)
    const entry = section !== undefined && typeof index === 'number' ? places[section][index] : undefined
    return entry === undefined ? { ...places.beginning, path } : { ...entry, path: [...entry.path, ...rest] }
  }
  return {
    manifest: { ...manifest, clients: manifest.clients.map(withHashes) },
    errorAt: (path, message) => errorAt(locate(path), message),
    fileOf: (path) => locate(path.slice(0, 2)).file,
    locate,
  }
}

export const isLarge = (files: readonly ManifestFile[]): boolean =>
  files.reduce((sum, { content }) => sum + content.length, 0) > SMALL

const answerOfThread = (task: Task, memory: number | undefined): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const program = new URL(`./parse-thread${extname(import.meta.filename)}`, import.meta.url)
    const thread = new Worker(program, {
      resourceLimits: memory === undefined ? {} : { maxOldGenerationSizeMb: memory },
    })
    const fail = () => reject(new Error('the thread that parses the manifest ended without an answer'))
    thread
      .once('message', resolve)
      .once('messageerror', reject)
      .once('error', (error) => reject(isTooLarge(error) ? new UserError(TOO_LARGE) : error))
      .once('exit', fail)
    thread.postMessage(task)
  })

const isTooLarge = (error: unknown): boolean => codeOf(error) === 'ERR_WORKER_OUT_OF_MEMORY'
const TOO_LARGE = 'the manifest has too many values: reading it takes more memory than there is'

/** The way between threads turns a `Buffer` into another kind of array. */
const withHashes = (client: Manifest['clients'][number]): Manifest['clients'][number] =>
  client.credentials.every(({ secret_hash: imported }) => imported === undefined)
    ? client
    : { ...client, credentials: client.credentials.map(withHash) }

const withHash = (credential: Manifest['clients'][number]['credentials'][number]) => {
  const { secret_hash: imported } = credential
  return imported === undefined ? credential : { ...credential, secret_hash: readImportedHash(imported.text).hash }
}
