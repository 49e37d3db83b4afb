import { z } from 'zod'
import type { SecretName } from './secret.ts'

/** The fields that a credential can prove itself by. Without any, its secret is generated. */
const PROOFS = ['secret', 'jwks', 'jwks_uri', 'certificate', 'federated'] as const

const described = z.looseObject({
  credentials: z.array(z.looseObject({ label: z.string().optional() })).default([]),
})

/** The secrets that the settings of a client ask for. Settings of a wrong form ask for none: they are refused later. */
export const expectedOf = (client: string, settings: object): readonly SecretName[] =>
  (described.safeParse(settings).data?.credentials ?? [])
    .filter((credential) => PROOFS.every((proof) => credential[proof] === undefined))
    .map(({ label }) => ({ client_id: client, label }))
