import { z } from 'zod'
import type { Account } from '../../administrators/accounts/account.ts'
import { addAccount } from '../../administrators/accounts/add.ts'
import { changeAccount, requireAccount } from '../../administrators/accounts/change.ts'
import { makeResetLink } from '../../administrators/accounts/links.ts'
import { removeAccount } from '../../administrators/accounts/remove.ts'
import { removeSecondFactor } from '../../administrators/accounts/second-factor.ts'
import type { Surroundings } from '../../administrators/accounts/store.ts'
import { requirePowerOverAccount } from '../../management/authority/account-rights.ts'
import { roleNames } from '../../management/authority/permissions.ts'
import { NotFound } from '../../platform/user-error.ts'
import type { CallContext, PeopleCall } from './call-context.ts'
import { pageOf, pageParameters } from './cursor.ts'
import { noBody, noParameters, noQuery, operation } from './operation.ts'
import { refuseStale } from './precondition.ts'

const settings = z.strictObject({
  display_name: z.string().max(128).nullable().optional().describe('The name that others see.'),
  roles: z.array(z.enum(roleNames)).min(1).max(3),
  enabled: z.boolean().optional(),
})

const account = settings.extend({
  name: z.string(),
  enabled: z.boolean(),
  has_password: z.boolean(),
  second_factor: z.boolean().describe('Whether the person signs in with a second factor.'),
  created_at: z.iso.datetime(),
})

const named = z.strictObject({ name: z.string().min(1).max(64) })

const example = {
  name: 'anna',
  display_name: 'Anna Berg',
  roles: ['operator' as const],
  enabled: true,
  has_password: true,
  second_factor: true,
  created_at: '2026-11-26T08:00:00.000Z',
}

/** The parts of calls about people. @throws NotFound for a command that opens the database itself */
export function peopleOf({ people }: CallContext): PeopleCall {
  if (people === undefined) throw new NotFound('sessions and accounts are there on a server only: give --server')
  return people
}

const mayRead = ({ management: { authority } }: CallContext): boolean => authority.everywhere.has('accounts:read')

/** Checks the power of the caller over an account as it is in the transaction. */
const powerOver =
  ({ management: { authority } }: CallContext) =>
  ({ roles }: Account, { groups }: Surroundings): void =>
    requirePowerOverAccount(authority, roles, groups)

const bodyOf = ({ name, displayName, roles, isEnabled, password, secondFactor, createdAt }: Account) => ({
  name,
  display_name: displayName ?? null,
  roles: [...roles],
  enabled: isEnabled,
  has_password: password !== undefined,
  second_factor: secondFactor?.isConfirmed === true,
  created_at: new Date(createdAt).toISOString(),
})

export const accountOperations = [
  operation({
    id: 'accounts.list',
    method: 'GET',
    path: '/accounts',
    summary: 'List the accounts of administrators, by name',
    access: 'accounts:read',
    ...noParameters,
    query: z.strictObject(pageParameters),
    ...noBody,
    answer: z.strictObject({ items: z.array(account), next: z.string().optional() }),
    example: { answer: { items: [example] } },
    run: async (context, { query }) => {
      const page = pageOf(context.cursors, 'accounts', query, z.string())
      const { found, unreadable } = await peopleOf(context).people.accounts.listAccounts(page.after ?? '', page.limit)
      const names = [...found.map(({ name }) => name), ...unreadable.map(({ id }) => id)].sort()
      const next = names.length < page.limit ? undefined : names.at(-1)
      return { body: page.body({ entries: found.map(bodyOf), next }), state: null }
    },
  }),
  operation({
    id: 'accounts.show',
    method: 'GET',
    path: '/accounts/{name}',
    summary: 'Show an account',
    access: 'accounts:read',
    parameters: named,
    ...noQuery,
    ...noBody,
    answer: account,
    example: { path: { name: 'anna' }, answer: example },
    run: async (context, { path: { name } }) => ({
      body: bodyOf(requireAccount(await peopleOf(context).people.accounts.findAccount(name))),
    }),
  }),
  operation({
    id: 'accounts.add',
    method: 'POST',
    path: '/accounts',
    summary: 'Add an account. The answer has a one-time link with which the person sets a password',
    access: 'accounts:write',
    ...noParameters,
    ...noQuery,
    body: settings.omit({ enabled: true }).extend({ name: z.string().max(64) }),
    status: 201,
    answer: account.extend({ link: z.url().optional() }),
    example: { body: { name: 'anna', roles: ['operator'] }, answer: example },
    run: async (context, { body: { name, display_name, roles } }) => {
      const { people, author, url } = peopleOf(context)
      const { authority } = context.management
      const given = { name, displayName: display_name ?? undefined, roles }
      const added = await addAccount(people, author, given, undefined, ({ groups }) =>
        requirePowerOverAccount(authority, roles, groups),
      )
      const link = `${url}/reset#${await makeResetLink(people, author, name, powerOver(context))}`
      return { body: bodyOf(added), shownOnce: { link }, location: `/accounts/${encodeURIComponent(name)}` }
    },
  }),
  operation({
    id: 'accounts.change',
    method: 'PATCH',
    path: '/accounts/{name}',
    summary: 'Change the display name, the roles, or whether an account is enabled',
    access: 'accounts:write',
    parameters: named,
    ...noQuery,
    body: settings.partial(),
    answer: account,
    isConditional: true,
    example: { path: { name: 'anna' }, body: { enabled: false }, answer: { ...example, enabled: false } },
    run: async (context, { path: { name }, body }) => {
      const { people, author } = peopleOf(context)
      const { display_name, roles, enabled } = body
      const given = {
        ...('display_name' in body && { displayName: display_name ?? undefined }),
        ...(roles && { roles }),
        ...(enabled !== undefined && { enabled }),
      }
      const changed = await changeAccount(people, author, name, given, (before, { groups }) => {
        requirePowerOverAccount(context.management.authority, [...before.roles, ...(roles ?? [])], groups)
        refuseStale(context.precondition, bodyOf(before), mayRead(context))
      })
      return { body: bodyOf(changed) }
    },
  }),
  operation({
    id: 'accounts.remove',
    method: 'DELETE',
    path: '/accounts/{name}',
    summary: 'Remove an account, and end its sessions',
    access: 'accounts:write',
    parameters: named,
    ...noQuery,
    ...noBody,
    status: 204,
    isConditional: true,
    example: { path: { name: 'anna' } },
    run: async (context, { path: { name } }) => {
      const { people, author } = peopleOf(context)
      await removeAccount(people, author, name, (before, { groups }) => {
        // The roles of an account that can't be read are unknown.
        requirePowerOverAccount(context.management.authority, before?.roles ?? roleNames, groups)
        refuseStale(context.precondition, before && bodyOf(before), mayRead(context))
      })
      return {}
    },
  }),
  operation({
    id: 'accounts.reset',
    method: 'POST',
    path: '/accounts/{name}/reset',
    summary: 'Make a one-time link with which the person sets a new password',
    access: 'accounts:write',
    parameters: named,
    ...noQuery,
    body: z.strictObject({
      second_factor: z.boolean().default(false).describe('Remove the second factor of the account, too.'),
    }),
    answer: z.strictObject({ link: z.url().optional() }),
    example: { path: { name: 'anna' }, body: { second_factor: false }, answer: {} },
    run: async (context, { path: { name }, body: { second_factor: isReset } }) => {
      const { people, author, url } = peopleOf(context)
      const check = powerOver(context)
      const token = await makeResetLink(people, author, name, check)
      if (isReset) await removeSecondFactor(people, author, name, check)
      return { body: {}, state: null, shownOnce: { link: `${url}/reset#${token}` } }
    },
  }),
]
