import { refusals } from '../../../endpoints/refusal-table.ts'
import { accessAdvice } from './access.ts'
import type { Remedy } from './advice.ts'
import { assertionAdvice, authenticationAdvice } from './authentication.ts'
import { type Advise, ANY_CASE } from './case.ts'
import { requestAdvice } from './requests.ts'
import { proofAdvice, serverAdvice } from './server.ts'

type Reason = keyof typeof refusals

/** The advice on every reason. A reason without a row does not compile. */
const advice = {
  ...requestAdvice,
  ...authenticationAdvice,
  ...assertionAdvice,
  ...accessAdvice,
  ...proofAdvice,
  ...serverAdvice,
} as const satisfies Readonly<Record<Reason, Advise>>

const byReason: Readonly<Record<string, Advise>> = advice

/** The advice on a reason; undefined if this version has no such reason. */
export const adviceOn = (reason: string): Advise | undefined =>
  Object.hasOwn(byReason, reason) ? byReason[reason] : undefined

/** The remedies of each reason, whatever the request was. The reference page is generated from them. */
export const generalRemedies: ReadonlyMap<string, readonly Remedy[]> = new Map(
  Object.keys(refusals).map((reason) => [reason, adviceOn(reason)?.(ANY_CASE).remedies ?? []]),
)
