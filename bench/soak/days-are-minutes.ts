/**
 * Loaded into servers and commands before their program: days of retention become minutes, and fewer changes stay listed. So tables
 * reach their steady state within a soak. Everything else is unchanged.
 */

import { registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'

interface Replacement {
  readonly file: string
  readonly text: string
  readonly by: string
}

const IMPORTED = /import \{([^}]*)\bDAY_MS\b([^}]*)\} from '([./]+platform\/clock\.ts)'/

const replacements: readonly Replacement[] = [
  { file: 'src/replay/marks.ts', text: 'const KEPT_MS = 65 * 60_000', by: 'const KEPT_MS = 60_000' },
  { file: 'src/store/tables/changes.ts', text: 'CHANGES_KEPT = 50_000', by: 'CHANGES_KEPT = 500' },
]
/** The files that keep rows for days. */
const daily = ['src/server/audit.ts', 'src/server/usage.ts', 'src/admin/api/idempotency.ts']

const root = pathToFileURL(`${process.cwd()}/`).href

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context)
    const file = url.startsWith(root) ? url.slice(root.length) : undefined
    if (file === undefined || !(daily.includes(file) || replacements.some((one) => one.file === file))) return loaded
    return { ...loaded, source: shorten(file, String(loaded.source)) }
  },
})

function shorten(file: string, source: string): string {
  const replacement = replacements.find((one) => one.file === file)
  const shortened =
    replacement === undefined
      ? source.replace(IMPORTED, "import {$1DAY_MS as _DAY_MS$2} from '$3'\nconst DAY_MS = 60_000")
      : source.replace(replacement.text, replacement.by)
  if (shortened === source) throw new Error(`${file} no longer says how long rows are kept where the soak expects it`)
  return shortened
}
