/** The files of a layer, and the tar archive (POSIX ustar) of them. The same files give the same bytes on every machine. */

import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'

interface Entry {
  readonly type: 'file' | 'link' | 'folder'
  readonly mode: number
  /** The user and group. */
  readonly owner: number
  readonly content: Buffer
  /** The path that a link leads to. */
  readonly target: string
}

const NOTHING = Buffer.alloc(0)
const FLAGS = { file: '0', link: '2', folder: '5' } as const
const BLOCK = 512

/** Files by path, without a slash in front. The folders above each file are made. */
export class Tree {
  readonly #entries = new Map<string, Entry>()

  file(path: string, content: Buffer | string, mode = 0o644): void {
    this.#put(path, { type: 'file', mode, owner: 0, content: Buffer.from(content), target: '' })
  }

  link(path: string, target: string): void {
    this.#put(path, { type: 'link', mode: 0o777, owner: 0, content: NOTHING, target })
  }

  folder(path: string, mode = 0o755, owner = 0): void {
    this.#put(path, { type: 'folder', mode, owner, content: NOTHING, target: '' })
  }

  /** Adds the files below a folder of this machine. None of them may be run as a program. Links are left out. */
  copy(from: string, to: string): void {
    for (const one of readdirSync(from, { withFileTypes: true })) {
      const path = join(from, one.name)
      if (one.isDirectory()) this.copy(path, posix.join(to, one.name))
      else if (one.isFile()) this.file(posix.join(to, one.name), readFileSync(path))
    }
  }

  /** The archive: paths in order, no times, no names of users. */
  tar(): Buffer {
    const blocks = [...this.#entries]
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .flatMap(([path, entry]) => [headerOf(path, entry), entry.content, paddingOf(entry.content.length)])
    return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)])
  }

  #put(path: string, entry: Entry): void {
    const above = posix.dirname(path)
    if (above !== '.' && !this.#entries.has(above)) this.folder(above)
    this.#entries.set(path, entry)
  }
}

const paddingOf = (length: number): Buffer => Buffer.alloc((BLOCK - (length % BLOCK)) % BLOCK)

function headerOf(path: string, { type, mode, owner, content, target }: Entry): Buffer {
  const { name, prefix } = splitPath(type === 'folder' ? `${path}/` : path)
  const header = Buffer.alloc(BLOCK)
  const number = (value: number, at: number, length: number) =>
    header.write(value.toString(8).padStart(length - 1, '0'), at)
  header.write(name, 0)
  number(mode, 100, 8)
  number(owner, 108, 8)
  number(owner, 116, 8)
  number(content.length, 124, 12)
  number(0, 136, 12)
  header.write(FLAGS[type], 156)
  header.write(target, 157)
  header.write('ustar\0' + '00', 257)
  header.write(prefix, 345)
  // The sum is made with spaces in its own place.
  header.fill(' ', 148, 156)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return header
}

/** Splits a path at a slash into the two fields that ustar has for it, of 100 and 155 bytes. */
function splitPath(path: string): { readonly name: string; readonly prefix: string } {
  if (Buffer.byteLength(path) <= 100) return { name: path, prefix: '' }
  for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) {
    const [prefix, name] = [path.slice(0, at), path.slice(at + 1)]
    if (Buffer.byteLength(name) <= 100 && Buffer.byteLength(prefix) <= 155) return { name, prefix }
  }
  throw new Error(`${path}: the path is too long for a tar archive`)
}
