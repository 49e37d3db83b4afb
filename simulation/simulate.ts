/** `node simulation/simulate.ts`: what a load takes, how it is answered, and what comes of failures. */

import { growthTable } from './growth.ts'
import { help, parseOptions } from './options.ts'
import { report } from './report.ts'

try {
  const options = parseOptions(process.argv.slice(2))
  if (options === undefined) process.stdout.write(help)
  else if (options.growth) process.stdout.write(`${growthTable()}\n`)
  else process.stdout.write(report(options))
} catch (error) {
  if (!(error instanceof TypeError || error instanceof RangeError)) throw error
  process.stderr.write(`simulate: ${error.message}\n`)
  process.exitCode = 1
}
