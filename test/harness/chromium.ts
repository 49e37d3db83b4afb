import { existsSync, mkdirSync, mkdtempSync, renameSync } from 'node:fs'
import { join, resolve } from 'node:path'
import sparticuz from '@sparticuz/chromium'

const SYSTEM = '/usr/bin/chromium'
const CACHE = resolve('node_modules/.cache/tessera-chromium')

/** The path of Chromium: that of the system, or that of its package, which is unpacked once for each checkout. */
export async function chromiumPath(): Promise<string> {
  if (existsSync(SYSTEM)) return SYSTEM
  const path = join(CACHE, 'chromium')
  if (!existsSync(path)) await unpackTo(CACHE)
  return path
}

/** The package unpacks into the temporary folder. The folder gets its name only once everything is there. */
async function unpackTo(folder: string): Promise<void> {
  const { TMPDIR: before } = process.env
  mkdirSync(resolve(folder, '..'), { recursive: true })
  const unfinished = mkdtempSync(`${folder}-`)
  process.env['TMPDIR'] = unfinished
  try {
    await sparticuz.executablePath()
  } finally {
    if (before === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = before
  }
  renameSync(unfinished, folder)
}
