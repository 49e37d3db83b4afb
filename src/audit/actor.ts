import { start } from '../platform/bytes.ts'

/** The author of an event, and the way that the author took. */
export type Actor =
  /** A person or a program at a command line, by the account and the machine that it runs on. */
  | {
      readonly kind: 'operator'
      readonly user: string
      readonly host: string
      readonly way: 'command' | 'manifest'
      /** The SHA-256 of each file of the manifest, in hexadecimal. */
      readonly sha256?: readonly string[]
    }
  /** A person who has signed in to the admin listener. */
  | {
      readonly kind: 'administrator'
      readonly name: string
      readonly via?: (typeof signInWays)[number]
      readonly way: 'api' | 'console' | 'manifest'
      readonly sha256?: readonly string[]
    }
  /** A program that administers, by its `client_id`. */
  | {
      readonly kind: 'client'
      readonly clientId: string
      readonly way: 'api' | 'manifest'
      readonly sha256?: readonly string[]
    }
  /** The server itself, when something is due. */
  | typeof SYSTEM

/** How an administrator has signed in: with a password of ours, or at another OpenID provider. */
export const signInWays = ['password', 'sign_on'] as const

export const SYSTEM = { kind: 'system', way: 'schedule' } as const

/** Characters of a name in an actor. */
const LONGEST_NAME = 256
/** Files of a manifest in an actor. */
const MOST_FILES = 100

/** The operating-system account that runs a command. @param sha256 the hashes of the files of a manifest */
export const operator = (
  user: string,
  host: string,
  way: 'command' | 'manifest',
  sha256: readonly string[] = [],
): Actor => ({
  kind: 'operator',
  user: start(user, LONGEST_NAME),
  host: start(host, LONGEST_NAME),
  way,
  ...(sha256.length > 0 && { sha256: sha256.slice(0, MOST_FILES) }),
})

/** The same actor, who applies a manifest. @param sha256 the hashes of its files */
export const withManifest = (actor: Actor, sha256: readonly string[]): Actor =>
  actor.kind === 'system' ? actor : { ...actor, way: 'manifest', sha256: sha256.slice(0, MOST_FILES) }

const manifestInWords = (sha256: readonly string[] | undefined): string =>
  sha256 === undefined ? '' : ` with the manifest sha256:${sha256.join(',')}`

/** The actor in words, such as `alice on build-7`. */
export function actorInWords(actor: Actor): string {
  switch (actor.kind) {
    case 'operator':
      return `${actor.user} on ${actor.host}${manifestInWords(actor.sha256)}`
    case 'administrator':
      return `the administrator ${actor.name}${actor.via === 'sign_on' ? ' (single sign-on)' : ''}${actor.way === 'console' ? ' in the console' : ''}${manifestInWords(actor.sha256)}`
    case 'client':
      return `the client ${actor.clientId}${manifestInWords(actor.sha256)}`
    case 'system':
      return 'the schedule'
  }
}
