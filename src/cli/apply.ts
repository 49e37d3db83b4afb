/** The `tessera` command: `main.ts` names the subcommands, one file each. May import anything. */

import { readFileSync } from 'node:fs'
import { applyManifest } from '../manifest/apply.ts'
import { parseManifest } from '../manifest/parse.ts'
import type { Plan } from '../manifest/plan.ts'
import { UserError } from '../platform/user-error.ts'
import { credentialMaker, withDatabase } from './database.ts'
import { print, printable, say } from './output.ts'

interface ApplyCommandOptions {
  readonly file: string
  readonly dryRun?: boolean
  readonly json?: true
  readonly config?: string
}

/** `tessera apply`: makes the model what a manifest says. */
export async function apply({ file, dryRun = false, json, config }: ApplyCommandOptions): Promise<void> {
  const parsed = parseManifest(file === '-' ? 'standard input' : file, read(file))
  await withDatabase(config, async (opened) => {
    const { store } = opened
    const maker = credentialMaker(opened)
    const plan = await applyManifest(parsed, { store: store.manifest, maker, env: process.env, dryRun })
    if (json) print(asJson(plan, dryRun))
    else report(plan, dryRun)
  })
}

function read(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8')
  } catch (error) {
    throw new UserError(`${file} can't be read: ${error instanceof Error ? error.message : error}`)
  }
}

const SIGNS = { create: '+', update: '~', unchanged: '=' } as const

function report({ steps, generated, disabled, warnings }: Plan, dryRun: boolean): void {
  for (const { action, kind, id, fields } of steps) {
    if (action !== 'unchanged')
      print(`${SIGNS[action]} ${kind} ${printable(id)}${fields.length > 0 ? `: ${fields.join(', ')}` : ''}`)
  }
  const count = (action: string) => steps.filter((step) => step.action === action).length
  const summary = `${count('create')} to create, ${count('update')} to update, ${count('unchanged')} unchanged`
  print(dryRun ? `${summary}; nothing was written` : summary.replaceAll(/ to (create|update)/g, ' $1d'))
  for (const id of disabled) say(`${printable(id)} is disabled: introspection calls its tokens inactive, for good`)
  for (const warning of warnings) say(`warning: ${printable(warning)}`)
  if (dryRun || generated.length === 0) return
  say('These secrets were generated. They are shown this once:')
  for (const { clientId, label, secret } of generated) print(`${printable(clientId)}\t${printable(label)}\t${secret}`)
}

const asJson = ({ steps, generated, disabled, warnings }: Plan, dryRun: boolean): string =>
  JSON.stringify({
    dry_run: dryRun,
    steps,
    disabled,
    warnings,
    generated: dryRun ? [] : generated.map(({ clientId, label, secret }) => ({ client_id: clientId, label, secret })),
  })
