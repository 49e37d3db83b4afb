import { type MistakeKind, UserError } from '../platform/user-error.ts'

/** The reasons why something that a person asks for is refused, each with the words for that person. */
const reasons = {
  wrong_credentials: 'the name or the password is wrong, or the account is disabled',
  second_factor_required: 'this account needs a code of its authenticator app, or a recovery code',
  wrong_code: 'the code is wrong, or was used already',
  challenge_ended: 'the sign-in took too long: begin again',
  not_signed_in: 'sign in first',
  cross_site: 'the request does not come from a page of this server',
  csrf: 'the CSRF token is missing or wrong: load the page again',
  link_ended:
    'this link was used, or has expired: `tessera admin bootstrap --link` or `tessera admin reset` makes another',
  password_refused: 'the password does not keep the rules',
  account_invalid: 'the account is not valid',
  account_exists: 'there is an account with this name already',
  no_account: 'there is no such account',
  account_unreadable: 'the record of this account can not be read: delete the account, and add it again',
  last_admin: 'this is the last enabled admin who can sign in: give somebody else the role first',
  second_factor_exists: 'the account has a second factor: remove it first',
  no_second_factor: 'there is no second factor to confirm, or to make recovery codes for',
  second_factor_lost: 'the second factor can not be decrypted: use a recovery code, or run `tessera admin reset`',
  no_session: 'there is no such session',
  request_ended: 'there is no such request: the code is wrong, was used, or has expired',
  too_many_requests: 'too many requests of command lines wait: try again in a few minutes',
  no_role: 'the identity provider gives this person no role here',
  sign_on_failed: 'the identity provider did not sign this person in',
  sign_on_unavailable: 'the identity provider can not be reached',
  no_sign_on: 'single sign-on is not configured',
} as const

export type AdministratorReason = keyof typeof reasons

/** The kinds of the reasons that are no want of permission. */
const kinds: Partial<Readonly<Record<AdministratorReason, MistakeKind>>> = {
  password_refused: 'invalid',
  account_invalid: 'invalid',
  account_exists: 'conflict',
  account_unreadable: 'conflict',
  last_admin: 'conflict',
  second_factor_exists: 'conflict',
  no_second_factor: 'conflict',
  second_factor_lost: 'conflict',
  no_account: 'not_found',
  no_session: 'not_found',
  request_ended: 'not_found',
  no_sign_on: 'not_found',
}

interface RefusalOptions {
  /** More exact words than those of the reason. They repeat nothing secret. */
  readonly message?: string
  /** Facts for the audit log. */
  readonly detail?: Readonly<Record<string, unknown>>
  readonly cause?: unknown
}

/** A refusal of something that a person asks for. */
export class AdministratorRefusal extends UserError {
  override readonly name = 'AdministratorRefusal'
  override readonly kind: MistakeKind
  readonly reason: AdministratorReason
  readonly detail: Readonly<Record<string, unknown>>

  constructor(reason: AdministratorReason, { message = reasons[reason], detail = {}, cause }: RefusalOptions = {}) {
    super(message, { cause })
    this.kind = kinds[reason] ?? 'refused'
    this.reason = reason
    this.detail = detail
  }
}
