import { constants } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'

/** The byte at the end of a line. */
export const LINE_END = 10

/**
 * A file that lines are appended to, and that other programs rotate: if they move or remove it, the next lines go to a new file. Only
 * its owner can read it.
 */
export class AppendedFile {
  readonly #path: string
  #file: FileHandle | undefined
  #isOnDisk = false

  constructor(path: string) {
    this.#path = path
  }

  /** Appends text that ends with a line end, and waits for the disk. A pipe or a device has none to wait for. */
  async append(text: string): Promise<void> {
    const file = await this.#current()
    await file.appendFile(text)
    if (this.#isOnDisk) await file.datasync()
  }

  async close(): Promise<void> {
    await this.#file?.close()
    this.#file = undefined
  }

  async #current(): Promise<FileHandle> {
    if (this.#file !== undefined) {
      const [ours, there] = await Promise.all([this.#file.stat(), stat(this.#path).catch(() => undefined)])
      if (ours.ino === there?.ino && ours.dev === there.dev) return this.#file
      await this.close()
    }
    const { O_APPEND, O_CREAT, O_RDWR } = constants
    // Opened for writing alone, a pipe without a reader would block a thread, and with it the end of the process.
    const file = await open(this.#path, O_APPEND | O_CREAT | O_RDWR, 0o600)
    this.#file = file
    const status = await file.stat()
    this.#isOnDisk = status.isFile()
    if (!this.#isOnDisk || status.size === 0) return file
    // A crash or a full disk may have left a part of a line.
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, status.size - 1)
    if (buffer[0] !== LINE_END) await file.appendFile('\n')
    return file
  }
}
