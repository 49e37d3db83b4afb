import { createInterface } from 'node:readline'
import { NotAllowed } from '../platform/user-error.ts'
import { printable, prompt, say } from './output.ts'

/** The option of each command that can't be undone. */
export interface ConfirmOptions {
  readonly yes?: true
}

interface Question {
  /** The command in words, such as `disable the client job`. */
  readonly action: string
  /** The things that end, a line each. */
  readonly effect: readonly string[]
}

/**
 * Shows the effect of a change that can't be undone, and asks for it. `--yes` answers in advance, since a script has no terminal.
 * @throws NotAllowed if the answer is no, or nobody can answer
 */
export async function confirm({ action, effect }: Question, { yes }: ConfirmOptions): Promise<void> {
  if (yes) return
  say(printable(`This can't be undone: ${action}.`))
  for (const line of effect) say(printable(`  ${line}`))
  if (!process.stdin.isTTY)
    throw new NotAllowed('nothing was changed: nobody can be asked here, so give --yes to go on')
  prompt('Go on? [y/N] ')
  if (!/^y(?:es)?$/i.test(await readLine())) throw new NotAllowed('nothing was changed')
}

/** A line of the terminal; empty at its end. */
async function readLine(): Promise<string> {
  for await (const line of createInterface({ input: process.stdin })) return line.trim()
  return ''
}
