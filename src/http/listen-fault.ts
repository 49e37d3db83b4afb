import { codeOf, networkFault } from '../platform/system-error.ts'
import { UserError } from '../platform/user-error.ts'

interface Address {
  readonly host: string
  readonly port: number
}

/**
 * Explains why a server can't listen.
 * @param name the section of the configuration
 * @returns a UserError for a fault of the network; any other error unchanged
 */
export function listenFault(name: 'runtime' | 'admin', { host, port }: Address, error: unknown): unknown {
  const fault = networkFault(error)
  if (fault === undefined) return error
  return new UserError(wordsOf(name, { host, port }, codeOf(error) ?? '', fault), { cause: error })
}

function wordsOf(name: 'runtime' | 'admin', { host, port }: Address, code: string, fault: string): string {
  switch (code) {
    case 'EADDRINUSE':
      return `port ${port} is in use: stop the program that uses it, or choose another with ${name}.port or TESSERA_${name.toUpperCase()}_PORT`
    case 'EACCES':
      return `${name}.port is ${port}: this user may not listen there: choose a port from 1024 on, or grant CAP_NET_BIND_SERVICE`
    default:
      return `${name}.host is ${JSON.stringify(host)}: ${fault}`
  }
}
