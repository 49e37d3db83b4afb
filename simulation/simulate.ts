/** `npm run simulate`: sizes Tessera for a load, and simulates its answers and its failures. */

import { simulate } from './command.ts'

const { status, stdout, stderr } = simulate(process.argv.slice(2))
process.stdout.write(stdout)
process.stderr.write(stderr)
process.exitCode = status
