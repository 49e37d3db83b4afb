import type { AdministratorReason, AdministratorRefusal } from '../../administrators/refusal.ts'

/** The status of each refusal about people (RFC 9110 §15.5). */
const statuses: Readonly<Record<AdministratorReason, number>> = {
  wrong_credentials: 401,
  second_factor_required: 401,
  wrong_code: 401,
  challenge_ended: 401,
  not_signed_in: 401,
  cross_site: 403,
  csrf: 403,
  link_ended: 403,
  password_refused: 422,
  account_invalid: 422,
  account_exists: 409,
  no_account: 404,
  account_unreadable: 409,
  last_admin: 409,
  second_factor_exists: 409,
  no_second_factor: 409,
  second_factor_lost: 409,
  no_session: 404,
  request_ended: 404,
  too_many_requests: 429,
  no_role: 403,
  sign_on_failed: 403,
  sign_on_unavailable: 503,
  no_sign_on: 404,
}

export const statusOf = ({ reason }: AdministratorRefusal): number => statuses[reason]
