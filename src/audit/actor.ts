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

/** The actor in words, such as `alice on build-7`. */
export function actorInWords(actor: Actor): string {
  switch (actor.kind) {
    case 'operator':
      return `${actor.user} on ${actor.host}`
    case 'administrator':
      return `the administrator ${actor.name}`
    case 'client':
      return `the client ${actor.clientId}`
    case 'system':
      return 'the schedule'
  }
}
