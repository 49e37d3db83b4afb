import type { Actor } from '../../audit/actor.ts'
import { type ChangedThing, changeOf, type Fields } from '../../audit/changes.ts'
import type { Encrypted } from '../../crypto/master-key.ts'
import type { SecretHash } from '../../model/credentials/secret-hash.ts'
import { hasControl, hasTurning } from '../../platform/text.ts'
import { AdministratorRefusal } from '../refusal.ts'
import { type Role, roles } from '../role.ts'

/** The second factor of an account: codes by time (RFC 6238), and recovery codes in case the app is lost. */
export interface SecondFactor {
  readonly secret: Encrypted
  /** Whether a first code proved that the app has the secret. Until then, nobody is asked for codes. */
  readonly isConfirmed: boolean
  /** The time step of the last accepted code. Later codes only are accepted (RFC 6238 §5.2). */
  readonly lastStep: number
  /** The hashes of the unused recovery codes. */
  readonly recoveryHashes: readonly string[]
}

/** The account of a person who administers. */
export interface Account {
  /** Never used again, even by another account with the same name. */
  readonly id: string
  readonly name: string
  readonly displayName: string | undefined
  readonly roles: readonly Role[]
  readonly isEnabled: boolean
  /** Undefined until the person has set one. */
  readonly password: Extract<SecretHash, { readonly kind: 'scrypt' }> | undefined
  readonly secondFactor: SecondFactor | undefined
  /** Milliseconds. */
  readonly createdAt: number
}

/** No colon: the names of people from single sign-on have one, so that no account can be taken for such a person. */
const NAME = /^[a-z0-9][a-z0-9._@-]{0,63}$/
const LONGEST_DISPLAY_NAME = 128

/** Whether an account may have this name. */
export const isAccountName = (name: string): boolean => NAME.test(name)

/** @throws AdministratorRefusal `account_invalid` */
export function requireName(name: string): string {
  if (isAccountName(name)) return name
  const message =
    'the name of an account has 1 to 64 characters: a to z, 0 to 9, and after the first one also . _ @ and -'
  throw new AdministratorRefusal('account_invalid', { message })
}

/** @throws AdministratorRefusal `account_invalid` */
export function requireDisplayName(name: string | undefined): string | undefined {
  if (name === undefined || name === '') return undefined
  if (name.length <= LONGEST_DISPLAY_NAME && isPlain(name)) return name
  const message = `the display name must have at most ${LONGEST_DISPLAY_NAME} characters, none of which controls or turns text`
  throw new AdministratorRefusal('account_invalid', { message })
}

const isPlain = (name: string): boolean => !hasControl(name) && !hasTurning(name) && name.isWellFormed()

/** The roles once each, in their order. @throws AdministratorRefusal `account_invalid` */
export function requireRoles(given: readonly string[]): readonly Role[] {
  const known = roles.filter((role) => given.includes(role))
  if (known.length > 0 && given.every((role) => known.some((one) => one === role))) return known
  throw new AdministratorRefusal('account_invalid', { message: `the roles must be among ${roles.join(', ')}` })
}

/** Whether this account alone can let somebody in who may do everything. */
export const isUsableAdmin = ({ isEnabled, roles, password }: Account): boolean =>
  isEnabled && roles.includes('admin') && password !== undefined

/** The actor of what the owner of an account does on the pages of a link. */
export const accountActor = (name: string): Actor => ({ kind: 'administrator', name, way: 'console' })

/** The context that binds an encrypted second factor to its account, so that another row can't use its ciphertext. */
export const secondFactorContext = ({ id }: Pick<Account, 'id'>): string => `second factor of account ${id}`

/** The fields that events compare. A secret shows only whether it is there. */
const fields = ({ displayName, roles, isEnabled, password, secondFactor }: Account): Fields => ({
  displayName: displayName ?? null,
  roles,
  enabled: isEnabled,
  hasPassword: password !== undefined,
  secondFactor: secondFactor?.isConfirmed === true,
})

export const accountChange = (
  name: string,
  before: Account | undefined,
  after: Account | undefined,
): ChangedThing | undefined =>
  changeOf({ thing: 'account', id: name }, before && fields(before), after && fields(after))
