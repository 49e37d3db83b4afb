import { readFileSync } from 'node:fs'

/** The version of this package. */
export const version: string = readVersion()

function readVersion(): string {
  // The file is two folders up in the checkout. The published package has the same depth: lib/cli/ beside package.json.
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  return version
}
