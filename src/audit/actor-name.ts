import type { Actor } from './actor.ts'

/** The name by which people look for an actor: an account, an administrator, a client, or `system`. */
export function actorName(actor: Actor): string {
  switch (actor.kind) {
    case 'operator':
      return actor.user
    case 'administrator':
      return actor.name
    case 'client':
      return actor.clientId
    case 'system':
      return actor.kind
  }
}
