import {
  appendFileSync,
  createReadStream,
  createWriteStream,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { replaceablePath } from '../../platform/private-files.ts'
import { fileFault } from '../../platform/system-error.ts'
import { UserError } from '../../platform/user-error.ts'
import { fileNameOf } from './file-name.ts'
import { type Entry, entryText, nameText } from './yaml.ts'

export type Section = 'apis' | 'clients'

/** An entry, and the manifest that owns it. */
export interface OwnedEntry extends Entry {
  readonly manifest?: string | undefined
}

/** The place of an export. */
export type Destination =
  /** Standard output, if there is no path to a pipe or a device. */
  | { readonly kind: 'stream'; readonly path?: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'folder'; readonly path: string }

/** @param path a folder if one exists there, or if it ends in a slash; undefined or `-` for standard output */
export function destinationOf(path: string | undefined): Destination {
  if (path === undefined || path === '-') return { kind: 'stream' }
  const isFolder = path.endsWith('/') || statSync(path, { throwIfNoEntry: false })?.isDirectory()
  if (isFolder) return { kind: 'folder', path }
  return { kind: replaceablePath(path) === undefined ? 'stream' : 'file', path }
}

/** The file itself, behind any links. */
const placeOf = (path: string): string => replaceablePath(path) ?? path

/** Writes a gathered file to a pipe or a device. @throws UserError */
export async function pour(from: string, to: string): Promise<void> {
  try {
    await pipeline(createReadStream(from), createWriteStream(to, { flags: 'a' }))
  } catch (error) {
    throw new UserError(`${to} can't be written: ${fileFault(error)}`)
  }
}

/** A file of an export. */
interface ExportFile {
  /** The manifest that owns its entries; undefined if none does. */
  readonly manifest: string | undefined
  /** The section of its last entry. */
  section?: Section
}

/** The only file of an export that goes to one place. */
const ONLY = 'manifest.yaml'

/** The names of files in a folder. */
const OURS = /^(?:manifest-|apis-of-|clients-of-|apis\.|clients\.).*yaml$/

/**
 * Gathers the files of an export in a folder of its own. They get to their place when all are whole: half a manifest would end
 * things that the other half keeps.
 */
export class ExportFiles {
  readonly #destination: Destination
  readonly #folder: string
  readonly #files = new Map<string, ExportFile>()

  /** @throws UserError if the folder can't be made */
  constructor(destination: Destination) {
    this.#destination = destination
    this.#folder = this.#inWords(() => {
      if (destination.kind === 'stream') return mkdtempSync(join(tmpdir(), 'tessera-export-'))
      if (destination.kind === 'folder') mkdirSync(destination.path, { recursive: true })
      const beside = destination.kind === 'folder' ? destination.path : dirname(resolve(placeOf(destination.path)))
      return mkdtempSync(join(beside, '.tessera-export-'))
    })
  }

  /** Adds entries. All APIs come before the first client. @throws UserError if a file would have two owners, or can't be written */
  add(section: Section, entries: readonly OwnedEntry[]): void {
    for (const [name, some] of Map.groupBy(entries, (entry) => this.#nameOf(section, entry))) {
      const text = some.map((entry) => this.#textOf(name, section, entry)).join('')
      this.#inWords(() => appendFileSync(join(this.#folder, name), text))
    }
  }

  /** Puts the files in their place. @returns their paths; for a stream, that of the text to print */
  finish(): readonly string[] {
    const destination = this.#destination
    if (destination.kind !== 'folder' && this.#files.size === 0)
      this.#inWords(() => appendFileSync(join(this.#folder, ONLY), 'apis: []\nclients: []\n'))
    if (destination.kind === 'stream') return [join(this.#folder, ONLY)]
    const names = destination.kind === 'file' ? [ONLY] : [...this.#files.keys()].sort()
    return names.map((name) => {
      const to = destination.kind === 'file' ? destination.path : join(destination.path, name)
      this.#inWords(() => renameSync(join(this.#folder, name), placeOf(to)))
      return to
    })
  }

  /** The files of earlier exports in the folder, to which this one adds nothing. */
  get older(): readonly string[] {
    const destination = this.#destination
    if (destination.kind !== 'folder') return []
    const names = this.#inWords(() => readdirSync(destination.path))
    return names
      .filter((name) => OURS.test(name) && !this.#files.has(name))
      .sort()
      .map((name) => join(destination.path, name))
  }

  /** Removes everything that is not in its place. */
  close(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /**
   * The file of an entry. In a folder, APIs that no manifest owns have files of their own: manifests may refer to them, and clients that
   * no manifest owns may refer to those of manifests.
   */
  #nameOf(section: Section, { entry, manifest }: OwnedEntry): string {
    if (this.#destination.kind === 'folder') {
      if (manifest !== undefined) return `manifest-${fileNameOf(manifest)}.yaml`
      const owner = entry?.['owner']
      return typeof owner === 'string' ? `${section}-of-${fileNameOf(owner)}.yaml` : `${section}.yaml`
    }
    const file = this.#files.get(ONLY) ?? { manifest }
    if (file.manifest === manifest) return ONLY
    throw new UserError(
      `a file is of one manifest, and these things are of ${nameOf(file.manifest)} and of ${nameOf(manifest)}: name a folder, such as -o manifests/, or choose with --manifest or --no-manifest`,
    )
  }

  #textOf(name: string, section: Section, { manifest, ...entry }: OwnedEntry): string {
    const known = this.#files.get(name)
    const file: ExportFile = known ?? { manifest }
    this.#files.set(name, file)
    const owner = known === undefined && manifest !== undefined ? nameText(manifest) : ''
    // A section with comments alone would be null.
    const begins = entry.entry !== undefined && file.section !== section
    if (begins) file.section = section
    return `${owner}${begins ? `${section}:\n` : ''}${entryText(entry)}`
  }

  #inWords<Result>(work: () => Result): Result {
    try {
      return work()
    } catch (error) {
      const path = this.#destination.kind === 'stream' ? 'a temporary file' : this.#destination.path
      throw new UserError(`${path} can't be written: ${fileFault(error)}`)
    }
  }
}

const nameOf = (manifest: string | undefined): string =>
  manifest === undefined ? 'no manifest' : `the manifest ${JSON.stringify(manifest)}`
