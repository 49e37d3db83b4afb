import { freeLabel, makeRoom } from '../../model/credentials/life.ts'
import type { ClientId } from '../../oauth/ids.ts'
import type { Standing } from '../fields.ts'
import { addShown, type CredentialChange, requireCredentials, type ShowSecret } from './change.ts'
import { checkLabel, today } from './labels.ts'
import { type CredentialSpec, type MadeCredential, type MakingContext, makeCredential, NEW_SECRET } from './make.ts'

interface AddInput {
  readonly client: ClientId
  readonly spec: CredentialSpec
  readonly show: ShowSecret
}

/** Adds a credential to those of a client. @throws UserError */
export async function addCredential(
  context: MakingContext,
  { client, spec: { proof = NEW_SECRET, label, expiresAt }, show }: AddInput,
): Promise<MadeCredential> {
  const before = await requireCredentials(context, client)
  const wantedLabel = label === undefined ? `added ${today(context.clock)}` : checkLabel(label)
  const terms = { label: wantedLabel, origin: 'command', expiresAt } as const
  const made = await makeCredential(context, proof, terms, before.all)
  const { generated } = made
  const add = ({ all }: Standing): CredentialChange => {
    const credential = { ...made.credential, label: freeLabel(wantedLabel, all) }
    return { writes: makeRoom(all, { put: [credential], remove: [] }, context.clock.now()), credential }
  }
  const { credential } = await addShown(context, client, { type: 'credential.add', before, add, generated, show })
  return { credential, generated }
}
