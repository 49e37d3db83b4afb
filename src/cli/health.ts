import type { Command } from 'commander'
import { healthAt, PATIENCE } from '../http/whose-port.ts'
import { originOf } from '../platform/addresses.ts'
import { Mistakes, UserError } from '../platform/user-error.ts'
import { givenOptions } from './config-options.ts'
import { print, printable } from './output.ts'

/** The options that say where the server listens for administrators. */
const NEEDED = ['admin.host', 'admin.port', 'runtime.tls', 'tls.cert']

/**
 * `tessera health`: asks the server of a configuration for `/healthz`, or for `/readyz` with `--ready`. Mistakes in other options
 * don't count, because a running server has read them already.
 */
export async function health(command: Command): Promise<void> {
  const { options, mistakes, wrong } = givenOptions(command)
  if (NEEDED.some((key) => wrong.has(key))) throw new Mistakes(mistakes)
  const { admin, runtime, tls } = options
  const path = command.opts<{ ready?: true }>().ready ? '/readyz' : '/healthz'
  // A server without a certificate in its configuration has plain HTTP, except for that of `tessera dev`.
  const isTls = tls.cert !== undefined || runtime.tls === 'on'
  const answer = await healthAt({ host: admin.host, port: admin.port, isTls }, path)
  if (answer === undefined) {
    const at = originOf(isTls, admin.host, admin.port)
    throw new UserError(
      `no Tessera server answers at ${at} within ${PATIENCE / 1000} s: start it, or name its admin.host and admin.port as it has them`,
    )
  }
  const { status, reasons } = answer
  if (status !== 200) throw new UserError(printable(reasons.join('; ') || `the server answers ${path} with ${status}`))
  print('ok')
}
