import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { LINE_END } from '../../platform/appended-file.ts'
import { OF_OTHERS } from '../../platform/private-files.ts'
import { codeOf, fileFault } from '../../platform/system-error.ts'
import { UserError } from '../../platform/user-error.ts'
import type { Destination } from './destination.ts'
import { jsonLines, type NewSecret, refuseClashes, variableOf } from './secret.ts'

/** A text that a shell, a dotenv file and the file of a runner read alike, without quotes. */
const PLAIN = /^[\w.:/#%=@~+[\]-]+$/

/** A file of JSON lines that only its owner can read. */
export const openFile = (path: string): Destination => {
  const file = new AppendedLines(`file:${path}`, path, { isPrivate: true })
  return {
    name: file.name,
    output: 'free',
    check: () => {},
    take: (made) => file.append(jsonLines(made)),
    end: () => file.end(),
  }
}

/** A file of variables. A runner may have made it, so that others can read it. */
export const openEnvironment = (path: string): Destination => {
  const file = new AppendedLines(`env:${path}`, path, { isPrivate: false })
  return {
    name: file.name,
    output: 'free',
    check: refuseClashes,
    take: (made) => file.append(made.map(lineOf).join('')),
    end: () => file.end(),
  }
}

function lineOf(made: NewSecret): string {
  if (!PLAIN.test(made.secret)) throw new UserError(`${variableOf(made)} can't be written in one line without quotes`)
  return `${variableOf(made)}=${made.secret}\n`
}

/** A file that gets lines at its end. Nothing that is in it is replaced. A new file that got none is removed. */
class AppendedLines {
  readonly name: string
  readonly #path: string
  readonly #descriptor: number
  #isToGo = false

  /** @throws UserError if it can't be opened, or is not a file of this kind */
  constructor(name: string, path: string, { isPrivate }: { readonly isPrivate: boolean }) {
    this.name = name
    this.#path = path
    try {
      this.#descriptor = this.#open(path)
    } catch (error) {
      throw new UserError(`${name} can't be written: ${codeOf(error) === 'ELOOP' ? IS_LINK : fileFault(error)}`)
    }
    const fault = faultOf(this.#descriptor, isPrivate)
    if (fault === undefined) return
    closeSync(this.#descriptor)
    throw new UserError(`${name} can't be written: ${fault}`)
  }

  /** Without `O_NONBLOCK`, a pipe would wait for its reader. */
  #open(path: string): number {
    const { O_APPEND, O_CREAT, O_EXCL, O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_RDWR } = constants
    const flags = O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY
    try {
      const descriptor = openSync(path, flags | O_CREAT | O_EXCL, 0o600)
      this.#isToGo = true
      return descriptor
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error
      return openSync(path, flags)
    }
  }

  /** Adds whole lines, and waits for the disk. @throws UserError with the file as it was */
  append(lines: string): void {
    const { size } = fstatSync(this.#descriptor)
    const bytes = Buffer.from(this.#endsWithin(size) ? `\n${lines}` : lines)
    try {
      writeFileSync(this.#descriptor, bytes)
      fsyncSync(this.#descriptor)
      this.#isToGo = false
    } catch (error) {
      this.#takeBack(size, size + bytes.length)
      throw new UserError(`${this.name} can't be written (${fileFault(error)})`)
    }
  }

  end(): void {
    closeSync(this.#descriptor)
    if (this.#isToGo) unlinkSync(this.#path)
  }

  /** Whether the last line has no end. */
  #endsWithin(size: number): boolean {
    const last = Buffer.alloc(1)
    return size > 0 && readSync(this.#descriptor, last, 0, 1, size - 1) === 1 && last[0] !== LINE_END
  }

  /** Removes an unfinished line, unless another process has written behind it. */
  #takeBack(size: number, most: number): void {
    try {
      if (fstatSync(this.#descriptor).size <= most) ftruncateSync(this.#descriptor, size)
    } catch {
      // The error of the write is the one to report. The next line begins on its own.
    }
  }
}

const IS_LINK = 'it is a symbolic link'

function faultOf(descriptor: number, isPrivate: boolean): string | undefined {
  const status = fstatSync(descriptor)
  if (!status.isFile()) return 'it is not a regular file'
  if (!isPrivate) return undefined
  if (status.uid !== process.getuid?.()) return 'it belongs to another user'
  return (status.mode & OF_OTHERS) === 0 ? undefined : 'others can read it: run chmod 600, or name a new file'
}
