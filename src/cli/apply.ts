/** The `tessera` command: `main.ts` names the subcommands, one file each. May import anything. */

import { applyManifest } from '../manifest/apply.ts'
import { type ManifestFile, parseManifests } from '../manifest/parse.ts'
import type { Plan } from '../manifest/plan.ts'
import { UserError } from '../platform/user-error.ts'
import { credentialMaker, withDatabase } from './database.ts'
import { print, printable, say } from './output.ts'
import { nameOfInput, readTextInput } from './read-input.ts'

interface ApplyCommandOptions {
  /** The path of the manifest, or of each of its files. */
  readonly file: string | readonly string[]
  readonly dryRun?: boolean
  readonly json?: true
  readonly config?: string
}

/** Bytes of a file: enough for some 100,000 clients. */
const LONGEST_MANIFEST = 64 * 1024 * 1024

/** `tessera apply`: makes the model what a manifest says. */
export async function apply({ file, dryRun = false, json, config }: ApplyCommandOptions): Promise<void> {
  const names = [file].flat()
  if (names.filter((name) => name === '-').length > 1)
    throw new UserError('-f - stands twice: standard input can be read once')
  const files: ManifestFile[] = []
  for (const name of names) {
    files.push({ name: nameOfInput(name), content: await readTextInput(name, LONGEST_MANIFEST) })
  }
  const parsed = parseManifests(files)
  await withDatabase(config, async ({ options, store }) => {
    const maker = credentialMaker(options)
    const plan = await applyManifest(parsed, { store: store.manifest, maker, env: process.env, dryRun })
    if (json) print(asJson(plan, dryRun))
    else report(plan, dryRun)
  })
}

const SIGNS = { create: '+', update: '~', unchanged: '=' } as const

function report({ steps, generated, warnings }: Plan, dryRun: boolean): void {
  for (const { action, kind, id, fields } of steps) {
    if (action !== 'unchanged')
      print(`${SIGNS[action]} ${kind} ${printable(id)}${fields.length > 0 ? `: ${fields.join(', ')}` : ''}`)
  }
  const count = (action: string) => steps.filter((step) => step.action === action).length
  const summary = `${count('create')} to create, ${count('update')} to update, ${count('unchanged')} unchanged`
  print(dryRun ? `${summary}; nothing was written` : summary.replaceAll(/ to (create|update)/g, ' $1d'))
  for (const warning of warnings) say(`warning: ${printable(warning)}`)
  if (dryRun || generated.length === 0) return
  say('These secrets were generated. They are shown this once:')
  for (const { clientId, label, secret } of generated) print(`${printable(clientId)}\t${printable(label)}\t${secret}`)
}

const asJson = ({ steps, generated, warnings }: Plan, dryRun: boolean): string =>
  JSON.stringify({
    dry_run: dryRun,
    steps,
    warnings,
    generated: dryRun ? [] : generated.map(({ clientId, label, secret }) => ({ client_id: clientId, label, secret })),
  })
