import { hash } from 'node:crypto'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A file of the bundle. */
export interface BundledFile {
  readonly type: string
  readonly bytes: Buffer
  /** The same, compressed by Brotli (RFC 7932); undefined if that saves nothing. */
  readonly brotli: Buffer | undefined
  /** Names these bytes, for a strong validator (RFC 9110 §8.8.1). */
  readonly etag: string
  /** Whether its name has a hash of its content. */
  readonly isHashed: boolean
}

/** The built console. */
export interface Bundle {
  /** The page, with a mark for each value of a request. */
  readonly page: string
  /** By path, such as `/assets/index-x1.js`. */
  readonly files: ReadonlyMap<string, BundledFile>
}

/** The folder into which the console is built, beside its sources in a checkout and in the package. */
const BUILT = fileURLToPath(new URL('../../../console/built/', import.meta.url))

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** Reads the built console; undefined if it was not built. Its files are some hundred kilobytes, and stay in memory. */
export function readBundle(folder = BUILT): Bundle | undefined {
  const page = join(folder, 'index.html')
  if (!existsSync(page)) return undefined
  const names = globSync('**/*', { cwd: folder }).filter((name) => TYPES[extname(name)] !== undefined)
  return {
    page: readFileSync(page, 'utf8'),
    files: new Map(names.map((name) => [`/${name}`, readBundled(folder, name)])),
  }
}

function readBundled(folder: string, name: string): BundledFile {
  const bytes = readFileSync(join(folder, name))
  const compressed = join(folder, `${name}.br`)
  return {
    type: TYPES[extname(name)] ?? '',
    bytes,
    brotli: existsSync(compressed) ? readFileSync(compressed) : undefined,
    etag: hash('sha256', bytes, 'base64url').slice(0, 27),
    isHashed: name.startsWith('assets/'),
  }
}
