import { type Credential, isValid, type UnreadableCredential } from '../../model/credentials/credential.ts'
import { nameOf, successorOf } from '../../model/credentials/life.ts'
import { Conflict, NotFound, UserError } from '../../platform/user-error.ts'
import type { Standing } from '../fields.ts'

/** The credentials with an id or label. */
export const withName = <Named extends Credential | UnreadableCredential>(
  credentials: readonly Named[],
  name: string,
) => credentials.filter(({ id, label }) => id === name || label === name)

/**
 * The credential with this id or label; without a name, the only valid one without a successor.
 * @throws UserError if none or several fit, or if the credential can't be read
 */
export function findCredential({ all, unreadable }: Standing, name: string | undefined, now: number): Credential {
  if (name === undefined) return findCurrent(all, now)
  const [lost] = withName(unreadable, name)
  if (lost !== undefined) throw new UserError(`${lost.id} can't be read (${lost.problem}): it can only be removed`)
  const found = withName(all, name)
  const [only, ...others] = found
  if (only === undefined) {
    const have = all.length === 0 ? 'none' : all.map(nameOf).join(', ')
    throw new NotFound(`the client has no credential ${JSON.stringify(name)}; it has ${have}`)
  }
  if (others.length > 0)
    throw new Conflict(`several credentials have that label: ${found.map(({ id }) => id).join(', ')}`)
  return only
}

function findCurrent(all: readonly Credential[], now: number): Credential {
  const current = all.filter((credential) => isValid(credential, now) && successorOf(all, credential) === undefined)
  const [only, ...others] = current
  if (only !== undefined && others.length === 0) return only
  if (only === undefined) throw new NotFound('the client has no valid credential')
  throw new UserError(`name one of its credentials: ${current.map(nameOf).join(', ')}`)
}
