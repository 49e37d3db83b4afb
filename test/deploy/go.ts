/** The programs in Go that read the files of deploy/ as Helm, Kubernetes and Docker Compose do. */

import { runProgram, runs } from '../interop/other-languages.ts'

const PROGRAMS = 'test/deploy/go'
/** Milliseconds. Go compiles the libraries of Helm and Kubernetes once for a machine, which takes minutes if it is busy. */
export const LONGEST_BUILD = 900_000

/** Why programs in Go can't run here; undefined if they can. Fetches their modules into the cache of Go. */
export async function whyNoGo(): Promise<string | undefined> {
  if (!(await runs('go', ['version']))) return 'there is no Go'
  return (await runs('go', ['mod', 'download'], { cwd: PROGRAMS })) ? undefined : 'the modules of Go are not there'
}

/** Runs one of the programs in `test/deploy/go`. */
export const runGo = (
  program: string,
  args: readonly string[],
  given: { readonly input?: string; readonly env?: Readonly<Record<string, string>> },
): Promise<string> =>
  runProgram('go', ['run', '-mod=readonly', `./${program}`, ...args], {
    cwd: PROGRAMS,
    timeout: LONGEST_BUILD,
    ...given,
  })
