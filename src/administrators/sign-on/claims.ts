import { hasControl } from '../../platform/text.ts'
import { AdministratorRefusal } from '../refusal.ts'
import { type Role, roles } from '../role.ts'
import type { Claims, Person } from '../sessions/session.ts'

/** The claims that are used, and the roles that they give. */
export interface ClaimRules {
  readonly name_claim: string
  readonly groups_claim?: string | undefined
  readonly roles: readonly { readonly claim: string; readonly value: string; readonly role: Role }[]
}

const LONGEST_NAME = 128
/** Bounds of what a session keeps. Microsoft Entra ID sends 200 groups at most. */
const MOST_VALUES = 500
const LONGEST_CLAIM_VALUE = 256

/**
 * The person of an ID token.
 * @throws AdministratorRefusal `sign_on_failed` without a usable name, `no_role` without a role
 */
export function personOf(
  token: Readonly<Record<string, unknown>>,
  rules: ClaimRules,
): Extract<Person, { kind: 'sign_on' }> {
  const name = token[rules.name_claim]
  if (
    typeof name !== 'string' ||
    name === '' ||
    name.length > LONGEST_NAME ||
    hasControl(name) ||
    !name.isWellFormed()
  ) {
    const message = `the identity provider sent no usable ${rules.name_claim}: it must be a text of 1 to ${LONGEST_NAME} characters`
    throw new AdministratorRefusal('sign_on_failed', { message, detail: { claim: rules.name_claim } })
  }
  if (rules.name_claim === 'email' && !isVerified(token)) {
    const message = 'the identity provider has not verified the e-mail address of this person'
    throw new AdministratorRefusal('sign_on_failed', { message, detail: { name } })
  }
  const used = [
    ...rules.roles.map(({ claim }) => claim),
    ...(rules.groups_claim === undefined ? [] : [rules.groups_claim]),
  ]
  const claims: Claims = Object.fromEntries([...new Set(used)].map((claim) => [claim, valuesOf(token, claim)]))
  const given = roles.filter((role) =>
    rules.roles.some((rule) => rule.role === role && claims[rule.claim]?.includes(rule.value)),
  )
  if (given.length === 0) throw new AdministratorRefusal('no_role', { detail: { name } })
  return { kind: 'sign_on', name, roles: given, claims }
}

/**
 * Whether the e-mail address counts. Somebody may have typed an address that was never verified (OpenID Connect Core 1.0 §5.7). Some
 * providers say nothing about it, and some say it as a text.
 */
const isVerified = ({ email_verified: verified = true }: Readonly<Record<string, unknown>>): boolean =>
  verified === true || verified === 'true'

/** The values of a claim: a text, or a list of texts. A claim of any other form has none, and neither has an unverified address. */
function valuesOf(token: Readonly<Record<string, unknown>>, claim: string): readonly string[] {
  const isUsable = Object.hasOwn(token, claim) && (claim !== 'email' || isVerified(token))
  const value = isUsable ? token[claim] : undefined
  const values: readonly unknown[] = Array.isArray(value) ? value : [value]
  return values
    .filter(
      (one): one is string =>
        typeof one === 'string' && one !== '' && one.length <= LONGEST_CLAIM_VALUE && one.isWellFormed(),
    )
    .slice(0, MOST_VALUES)
}
