import { z } from 'zod'
import type { Account } from '../../administrators/accounts/account.ts'
import type { Link } from '../../administrators/accounts/store.ts'
import { roles } from '../../administrators/role.ts'
import type { Person, Session } from '../../administrators/sessions/session.ts'
import type { DeviceRequest } from '../../administrators/sessions/store.ts'
import { formatHash, parseHash } from '../../model/credentials/secret-hash.ts'
import type { TenantId } from '../../oauth/ids.ts'
import type { Unreadable } from '../../platform/unreadable.ts'
import { bytes, json, readRow, time, understoodBy } from '../sql/read-row.ts'
import { type NewRow, type Row, text } from './rows.ts'

const someRoles = z.array(z.enum(roles))

function readPassword(value: string): NonNullable<Account['password']> {
  const parsed = parseHash(value)
  if (parsed.kind !== 'scrypt') throw new Error('a password has a slow hash')
  return parsed
}

/** The state of a second factor beside its secret. It is empty without one. */
const state = z.object({
  confirmed: z.boolean().default(false),
  last_step: z.number().default(0),
  recovery: z.array(z.string()).default([]),
})

const accountRow = z
  .object({
    id: z.string(),
    name: z.string(),
    display_name: text,
    roles: json(someRoles),
    enabled: z.literal([0, 1]),
    password: z.union([z.null(), z.string().transform(understoodBy(readPassword))]),
    second_factor: bytes.nullable(),
    second_factor_state: json(state),
    master_key_id: z.string().nullable(),
    created_at: time,
  })
  .transform(
    ({
      display_name,
      enabled,
      password,
      second_factor: ciphertext,
      second_factor_state: { confirmed, last_step, recovery },
      master_key_id: masterKeyId,
      created_at,
      ...same
    }): Account => ({
      ...same,
      displayName: display_name,
      isEnabled: enabled === 1,
      password: password ?? undefined,
      secondFactor:
        ciphertext === null || masterKeyId === null
          ? undefined
          : {
              secret: { ciphertext, masterKeyId },
              isConfirmed: confirmed,
              lastStep: last_step,
              recoveryHashes: recovery,
            },
      createdAt: created_at,
    }),
  )

export const toAccount = (row: Row<'account'>): Account | Unreadable =>
  readRow(accountRow, row, { kind: 'account', id: row.name } as const)

/** The stored form of a password, by which a session requires that it is still the same. */
export const fromPassword = (password: Account['password']): string | null =>
  password === undefined ? null : formatHash(password)

export const fromAccount = (tenant: TenantId, account: Account, now: number): NewRow<'account'> => {
  const { secondFactor } = account
  return {
    tenant,
    name: account.name,
    id: account.id,
    display_name: account.displayName ?? null,
    roles: JSON.stringify(account.roles),
    enabled: account.isEnabled ? 1 : 0,
    password: fromPassword(account.password),
    second_factor: secondFactor?.secret.ciphertext ?? null,
    second_factor_state: JSON.stringify(
      secondFactor === undefined
        ? {}
        : {
            confirmed: secondFactor.isConfirmed,
            last_step: secondFactor.lastStep,
            recovery: secondFactor.recoveryHashes,
          },
    ),
    master_key_id: secondFactor?.secret.masterKeyId ?? null,
    created_at: account.createdAt,
    updated_at: now,
  }
}

const linkRow: z.ZodType<Link> = z
  .object({ hash: z.string(), purpose: z.enum(['set_up', 'reset']), account: text, expires_at: time })
  .transform(({ expires_at, ...same }) => ({ ...same, expiresAt: expires_at }))

/** Undefined for a row that can't be read: such a link opens nothing. */
export const toLink = (row: Row<'account_link'>): Link | undefined => linkRow.safeParse(row).data

const person: z.ZodType<Person> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('account'), accountId: z.string(), name: z.string() }),
  z.object({
    kind: z.literal('sign_on'),
    name: z.string(),
    roles: someRoles,
    claims: z.record(z.string(), z.array(z.string())),
  }),
])

const sessionRow: z.ZodType<Session> = z
  .object({
    id: z.string(),
    token_hash: z.string(),
    kind: z.enum(['browser', 'cli']),
    person: json(person),
    remote_address: z.string(),
    user_agent: text,
    created_at: time,
    last_seen_at: time,
    expires_at: time,
  })
  .transform(({ token_hash, remote_address, user_agent, created_at, last_seen_at, expires_at, ...same }) => ({
    ...same,
    tokenHash: token_hash,
    remoteAddress: remote_address,
    userAgent: user_agent,
    createdAt: created_at,
    lastSeenAt: last_seen_at,
    expiresAt: expires_at,
  }))

/** Undefined for a row that can't be read: such a session has ended. */
export const toSession = (row: Row<'admin_session'>): Session | undefined => sessionRow.safeParse(row).data

export const fromSession = (tenant: TenantId, owner: string, session: Session): NewRow<'admin_session'> => ({
  tenant,
  id: session.id,
  token_hash: session.tokenHash,
  kind: session.kind,
  owner,
  person: JSON.stringify(session.person),
  remote_address: session.remoteAddress,
  user_agent: session.userAgent ?? null,
  created_at: session.createdAt,
  last_seen_at: session.lastSeenAt,
  expires_at: session.expiresAt,
})

const requestRow: z.ZodType<DeviceRequest> = z
  .object({
    device_hash: z.string(),
    user_hash: z.string(),
    remote_address: z.string(),
    user_agent: text,
    person: z.union([z.null(), json(person)]),
    expires_at: time,
  })
  .transform(({ device_hash, user_hash, remote_address, user_agent, expires_at, person }) => ({
    person: person ?? undefined,
    deviceHash: device_hash,
    userHash: user_hash,
    remoteAddress: remote_address,
    userAgent: user_agent,
    expiresAt: expires_at,
  }))

/** Undefined for a row that can't be read. */
export const toRequest = (row: Row<'device_request'>): DeviceRequest | undefined => requestRow.safeParse(row).data
