import { existsSync, mkdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { codeOf } from './system-error.ts'

/**
 * Makes a folder and the missing ones above it. Node's recursive mkdir never returns below `/proc`, where making any folder fails
 * with ENOENT.
 */
export function makeFolder(path: string, mode = 0o700): void {
  const missing: string[] = []
  for (let at = resolve(path); !existsSync(at); at = dirname(at)) missing.unshift(at)
  for (const folder of missing) {
    try {
      mkdirSync(folder, { mode })
    } catch (error) {
      // Another process has just made it.
      if (codeOf(error) !== 'EEXIST') throw error
    }
  }
}
