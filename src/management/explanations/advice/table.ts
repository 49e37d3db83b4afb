import { accessAdvice } from './access.ts'
import type { Remedy } from './advice.ts'
import { assertionAdvice } from './assertions.ts'
import { authenticationAdvice } from './authentication.ts'
import { type Advise, ANY_CASE } from './case.ts'
import { credentialAdvice } from './credentials.ts'
import { adminAdvice, requestAdvice } from './requests.ts'
import { proofAdvice, serverAdvice } from './server.ts'

/** The advice on every reason of the table of refusals, which is above this folder. A test compares the two. */
const advice: Readonly<Record<string, Advise>> = {
  ...requestAdvice,
  ...adminAdvice,
  ...authenticationAdvice,
  ...credentialAdvice,
  ...assertionAdvice,
  ...accessAdvice,
  ...proofAdvice,
  ...serverAdvice,
}

/** The advice on a reason; undefined if this version has no such reason. */
export const adviceOn = (reason: string): Advise | undefined =>
  Object.hasOwn(advice, reason) ? advice[reason] : undefined

/** The remedies of each reason, whatever the request was. The reference page is generated from them. */
export const generalRemedies: ReadonlyMap<string, readonly Remedy[]> = new Map(
  Object.entries(advice).map(([reason, advise]) => [reason, advise(ANY_CASE).remedies]),
)
