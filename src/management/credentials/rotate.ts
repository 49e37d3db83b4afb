import type { Credential } from '../../model/credentials/credential.ts'
import { freeLabel, makeRoom, nameOf, rotate } from '../../model/credentials/life.ts'
import type { ClientId } from '../../oauth/ids.ts'
import { iso } from '../../platform/clock.ts'
import { UserError } from '../../platform/user-error.ts'
import type { Standing } from '../fields.ts'
import { addShown, type CredentialChange, requireCredentials, type ShowSecret } from './change.ts'
import { findCredential } from './find.ts'
import { checkLabel, nextLabel } from './labels.ts'
import { type CredentialSpec, type MadeCredential, type MakingContext, makeCredential, type ProofSpec } from './make.ts'

interface RotateInput {
  readonly client: ClientId
  /** The id or label of the old credential; undefined for the only valid one without a successor. */
  readonly name: string | undefined
  readonly spec: CredentialSpec
  /** How long the old credential stays valid, in milliseconds. */
  readonly overlap: number
  readonly show: ShowSecret
}

interface Rotation extends CredentialChange {
  readonly old: Credential
}

/** Adds the successor of a credential, which stays valid for the overlap. @throws UserError */
export async function rotateCredential(
  context: MakingContext,
  { client, name, spec: { proof, label, expiresAt }, overlap, show }: RotateInput,
): Promise<MadeCredential & { readonly old: Credential }> {
  const { clock } = context
  const before = await requireCredentials(context, client)
  const replaced = findCredential(before, name, clock.now())
  const wantedProof = proof ?? sameKind(replaced)
  const wantedLabel = label === undefined ? nextLabel(replaced, clock) : checkLabel(label)
  const terms = { label: wantedLabel, origin: 'command', expiresAt } as const
  const made = await makeCredential(context, wantedProof, terms, before.all)
  const { generated } = made
  const add = (standing: Standing): Rotation => {
    const now = clock.now()
    const labelled = { ...made.credential, label: freeLabel(wantedLabel, standing.all) }
    const rotated = rotate(standing.all, findCredential(standing, replaced.id, now), labelled, overlap, now)
    const [old, credential] = rotated.put
    const writes = makeRoom(standing.all, rotated, now)
    return { writes, credential, old, extraDetail: { replaces: replaced.id, old_expires: iso(old.expiresAt) } }
  }
  const rotation = await addShown(context, client, { type: 'credential.rotate', before, add, generated, show })
  return { credential: rotation.credential, generated, old: rotation.old }
}

/** The successor of a secret is a generated secret. For any other kind, the caller must describe it. @throws UserError */
function sameKind(replaced: Credential): ProofSpec {
  if (replaced.kind === 'secret') {
    return { kind: 'secret', secret: undefined, isRetrievable: replaced.retrievable !== undefined }
  }
  throw new UserError(`${nameOf(replaced)} is of the kind ${replaced.kind}: describe its successor`)
}
