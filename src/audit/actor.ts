import { start } from '../platform/bytes.ts'

/** The author of an event, and the way that the author took. */
export type Actor =
  /** A person or a program at a command line, by the account and the machine that it runs on. */
  | {
      readonly kind: 'operator'
      readonly user: string
      readonly host: string
      readonly way: 'command' | 'manifest'
    }
  /** A person who has logged in to the admin listener. */
  | { readonly kind: 'administrator'; readonly name: string; readonly way: 'api' }
  | { readonly kind: 'client'; readonly clientId: string; readonly way: 'api' }
  /** The server itself, when something is due. */
  | typeof SYSTEM

export const SYSTEM = { kind: 'system', way: 'schedule' } as const

/** Characters of a name in an actor. */
const LONGEST_NAME = 256

/** The operating-system account that runs a command. */
export const operator = (user: string, host: string, way: 'command' | 'manifest'): Actor => ({
  kind: 'operator',
  user: start(user, LONGEST_NAME),
  host: start(host, LONGEST_NAME),
  way,
})
