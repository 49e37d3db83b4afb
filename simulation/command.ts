import { growthTable } from './growth.ts'
import { help, parseOptions } from './options.ts'
import { report } from './report.ts'

/** The text that a run prints, and its exit code. */
export interface Output {
  readonly status: 0 | 1
  readonly stdout: string
  readonly stderr: string
}

/** Runs `simulate.ts` with these arguments, apart from the printing. */
export function simulate(args: readonly string[]): Output {
  try {
    return { status: 0, stdout: outputOf(args), stderr: '' }
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error
    return { status: 1, stdout: '', stderr: `simulate: ${error.message}\n` }
  }
}

function outputOf(args: readonly string[]): string {
  const options = parseOptions(args)
  if (options === undefined) return help
  return options.growth ? `${growthTable()}\n` : report(options)
}
