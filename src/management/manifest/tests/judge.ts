import { isDeepStrictEqual } from 'node:util'
import { type Check, explainMatch } from '../../../client-auth/federation/match.ts'
import { claimOf, OutsideToken } from '../../../conditions/claims.ts'
import type { Client } from '../../../model/client.ts'
import type { Refusal } from '../../../oauth/refusal.ts'
import { isSameUri } from '../../../oauth/uri.ts'
import { shortJson } from '../../../platform/json.ts'
import { cut, LONGEST_SHOWN } from '../../../platform/text.ts'
import type { ManifestTest } from '../reading/test-schema.ts'
import { type Answer, currentClaims, type ServerRules } from './request.ts'

/** A part of an answer that a test expects otherwise. Texts have at most 300 characters. */
export interface Difference {
  readonly expected: string
  readonly got: string
}

type Token = NonNullable<Answer['token']>
type Gets = NonNullable<ManifestTest['gets']>

/** The differences between an answer and the one that the test expects; none if the test passes. */
export function* judge(
  test: ManifestTest,
  { matched, token, refusal }: Answer,
  expectedClient: Client | undefined,
  rules: ServerRules,
): Generator<Difference> {
  const { matches, refused, gets } = test
  if (matches === 'nobody' && matched !== undefined)
    yield { expected: 'to match nobody', got: textOfMatch(matched.client.id, labelOf(matched.credential)) }
  if (matches !== undefined && matches !== 'nobody') {
    const isMatched =
      matched?.client.id === matches.client &&
      [undefined, matched.credential.id, labelOf(matched.credential)].includes(matches.credential)
    const expected = `to match ${textOfMatch(matches.client, matches.credential)}`
    if (!isMatched && matched !== undefined)
      yield { expected, got: textOfMatch(matched.client.id, labelOf(matched.credential)) }
    else if (!isMatched) yield { expected, got: nobody(test, refusal, expectedClient, rules) }
  }
  if (refused !== undefined && token !== undefined)
    yield { expected: `refused with ${refused}`, got: textOfToken(token) }
  if (refused !== undefined && refusal !== undefined && ![refusal.code, refusal.reason].includes(refused))
    yield { expected: `refused with ${refused}`, got: textOfRefusal(refusal) }
  if (gets !== undefined && token !== undefined) yield* compare(gets, token)
  if (gets !== undefined && refusal !== undefined) yield { expected: 'a token', got: textOfRefusal(refusal) }
}

function* compare(expected: Gets, { entitlement, profile, lifetime, binding, claims }: Token): Generator<Difference> {
  const { scopes, audience, bound = binding ?? NOTHING } = expected
  const audiences: readonly string[] = entitlement.apis.map((api) => api.audience)
  if (scopes !== undefined && !areSame(scopes, entitlement.scopes, (one, other) => one === other))
    yield { expected: `scopes ${listed(scopes)}`, got: listed(entitlement.scopes) }
  if (audience !== undefined && !areSame(audience, audiences, isSameUri))
    yield { expected: `audience ${listed(audience)}`, got: listed(audiences) }
  if (expected.lifetime !== undefined && expected.lifetime !== lifetime)
    yield { expected: `lifetime ${expected.lifetime} s`, got: `${lifetime} s` }
  for (const field of ['format', 'algorithm'] as const) {
    const wanted = expected[field]
    if (wanted !== undefined && wanted !== profile[field]) yield { expected: `${field} ${wanted}`, got: profile[field] }
  }
  if (bound !== (binding ?? NOTHING)) yield { expected: `bound to ${bound}`, got: binding ?? NOTHING }
  for (const [name, value] of Object.entries(expected.claims ?? {})) {
    const claim = claimOf(claims, name)
    if (!isDeepStrictEqual(claim, value)) yield { expected: `claim ${cut(name)} ${show(value)}`, got: show(claim) }
  }
}

const NOTHING = 'nothing'

/** Whether two lists have the same members, in any order. */
const areSame = (some: readonly string[], others: readonly string[], isSame: (one: string, other: string) => boolean) =>
  some.every((one) => others.some((other) => isSame(one, other))) &&
  others.every((one) => some.some((other) => isSame(one, other)))

const listed = (names: readonly string[]): string => (names.length === 0 ? 'none' : cut(names.join(' ')))

const show = (value: unknown): string => (value === undefined ? 'absent' : shortJson(value, LONGEST_SHOWN))

const textOfToken = ({ entitlement: { scopes, apis } }: Token): string =>
  `scopes ${listed(scopes)} at ${listed(apis.map((api) => api.audience))}`

const textOfRefusal = ({ code, reason }: Refusal): string => `refused with ${code} (${reason})`

/** The label of a credential; its id if it has none. */
const labelOf = ({ label, id }: { readonly label: string; readonly id: string }): string => label || id

const textOfMatch = (client: string, credential: string | undefined): string =>
  cut(`${client}${credential === undefined ? '' : ` by ${credential}`}`)

/** Why the token does not match the expected client: the checks that fail at its closest credential. */
function nobody(
  { token = {}, matches }: ManifestTest,
  refusal: Refusal | undefined,
  client: Client | undefined,
  { now, conditions }: ServerRules,
): string {
  const label = matches === 'nobody' ? undefined : matches?.credential
  const credentials = client?.credentials.federated.filter((one) => label === undefined || label === labelOf(one)) ?? []
  const outside = new OutsideToken(currentClaims(token, now))
  const failures = credentials.map(({ trust }) =>
    explainMatch(trust, outside, { now, conditions }).checks.filter(({ passed }) => !passed),
  )
  const [closest = []] = failures.toSorted((one, other) => one.length - other.length)
  if (closest.length === 0) return `nobody: ${refusal === undefined ? NOTHING : textOfRefusal(refusal)}`
  return `nobody: ${cut(closest.map(textOfCheck).join('; '))}`
}

const textOfCheck = ({ check, expected, received }: Check): string => `${check} must be ${expected}, not ${received}`
