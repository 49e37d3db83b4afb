import type { Input } from '../../../api/types.ts'
import { credentialOf, isProofComplete, type ProofDraft } from '../proof/draft.ts'
import { type PlatformId, platformOf } from '../proof/platforms.ts'
import { type Step, steps } from './steps.ts'

/** The client that somebody is about to make. */
export interface Draft {
  readonly platform: PlatformId | undefined
  readonly id: string
  readonly name: string
  readonly owner: string
  /** The chosen scopes of each API, by its audience. */
  readonly scopes: Readonly<Record<string, readonly string[]>>
  readonly proof: ProofDraft | undefined
}

export const emptyDraft: Draft = { platform: undefined, id: '', name: '', owner: '', scopes: {}, proof: undefined }

export const isComplete: Readonly<Record<Step, (draft: Draft) => boolean>> = {
  runs: ({ platform, id }) => platform !== undefined && id.trim() !== '',
  access: () => true,
  proof: ({ proof }) => proof !== undefined && isProofComplete(proof),
  summary: () => true,
}

/** The step of an address, or the first one before it that lacks something. */
export function reachable(asked: Step, draft: Draft): Step {
  const before = steps.slice(0, steps.indexOf(asked))
  return before.find((step) => !isComplete[step](draft)) ?? asked
}

/** The scopes that were chosen, without APIs of which none was. */
export const grantsOf = ({ scopes }: Draft) =>
  Object.entries(scopes)
    .filter(([, chosen]) => chosen.length > 0)
    .map(([api, chosen]) => ({ api, scopes: [...chosen] }))

/** The body that creates the client. */
export function bodyOf(draft: Draft): Input<'clients.create'> {
  const { id, name, owner, proof, platform } = draft
  const identity = platform && platformOf(platform).identity
  return {
    client_id: id.trim(),
    ...(name.trim() !== '' && { name: name.trim() }),
    ...(owner.trim() !== '' && { owner: owner.trim() }),
    grants: grantsOf(draft).map((grant) => ({ ...grant, default_scopes: [] })),
    credentials:
      proof === undefined
        ? []
        : [credentialOf(proof, proof.kind === 'federated' ? (platform ?? '') : 'first', identity)],
  } as Input<'clients.create'>
}

/** The step that a wrong field belongs to. @param pointer a JSON pointer (RFC 6901) */
export function stepOf(pointer: string): Step {
  if (pointer.startsWith('/credentials')) return 'proof'
  return pointer.startsWith('/grants') ? 'access' : 'runs'
}
