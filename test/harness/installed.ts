import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** The path of a program of this machine; undefined if it is not installed. Debian keeps those of daemons in `/usr/sbin`. */
export const installed = (name: string): string | undefined =>
  [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin']
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path))
