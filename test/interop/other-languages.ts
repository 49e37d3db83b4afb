/** Libraries of other languages. Their tests are skipped if the machine lacks the language or the library. */

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Milliseconds. Go compiles its library once for a machine, which takes a minute, and several on a busy one. */
export const LONGEST = 600_000

/** Runs a program to its end. Rejects with its output if it fails. */
export async function runProgram(
  file: string,
  args: readonly string[],
  {
    cwd,
    env = {},
    input = '',
    timeout = LONGEST,
  }: { cwd?: string; env?: Readonly<Record<string, string>>; input?: string; timeout?: number } = {},
): Promise<string> {
  const running = run(file, args, {
    timeout,
    env: { ...process.env, ...env },
    ...(cwd !== undefined && { cwd }),
  })
  running.child.stdin?.on('error', () => {}).end(input)
  return (await running).stdout
}

/** Whether a program exists here and succeeds. */
export const runs = (
  file: string,
  args: readonly string[],
  options: Parameters<typeof runProgram>[2] = {},
): Promise<boolean> =>
  runProgram(file, args, options).then(
    () => true,
    () => false,
  )
