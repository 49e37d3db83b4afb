import { copyFileSync } from 'node:fs'
import { inject } from 'vitest'

/**
 * Makes a migrated SQLite database without data, by copying one, which takes a tenth of the time of the migrations.
 * @returns its location
 */
export function emptyDatabase(path: string): string {
  copyFileSync(inject('emptyDatabase'), path)
  return `sqlite:${path}`
}
