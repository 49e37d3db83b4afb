import { z } from 'zod'
import { NotFound } from '../platform/user-error.ts'
import type { Target } from './calls.ts'

const uses = {
  last_used: z.string().optional(),
  last_address: z.string().optional(),
  tokens_until: z.string().optional(),
} as const

const ofClient = z.looseObject({
  ...uses,
  apis: z.array(z.unknown()),
  credentials: z.int(),
  groups: z.array(z.string()),
})
const ofCredential = z.looseObject({ ...uses, is_last: z.boolean() })
const ofApi = z.looseObject({
  ...uses,
  clients: z.looseObject({ count: z.int(), is_more: z.boolean(), some: z.array(z.string()) }),
})
const keys = z.looseObject({ items: z.array(z.looseObject({ kid: z.string(), state: z.string().optional() })) })

/** The things that end with a client, a line each. @throws NotFound if there is no such client */
export async function clientEffect(target: Target, client: string): Promise<readonly string[]> {
  const path = { client_id: client }
  const { apis, credentials, groups, ...used } = await target.call('clients.effect', { path }, ofClient)
  return [
    `It has ${counted(credentials, 'credential')}, and may get tokens for ${counted(apis.length, 'API')}.`,
    ...(groups.length === 0 ? [] : [`It is a member of ${groups.join(', ')}.`]),
    ...useLines(used),
  ]
}

/** The things that end with a credential. @throws NotFound if there is no such client or credential */
export async function credentialEffect(target: Target, client: string, name: string): Promise<readonly string[]> {
  const path = { client_id: client, credential: name }
  const { is_last: isLast, ...used } = await target.call('credentials.effect', { path }, ofCredential)
  return [...useLines(used), ...(isLast ? ['The client has no other valid credential.'] : [])]
}

/** The things that end with an API. @throws NotFound if there is no such API */
export async function apiEffect(target: Target, audience: string): Promise<readonly string[]> {
  const { clients, ...used } = await target.call('apis.effect', { path: { audience } }, ofApi)
  const { count, is_more: isMore, some } = clients
  const named = [...some, ...(isMore || count > some.length ? ['others'] : [])].join(', ')
  const referring = `${isMore ? 'More than ' : ''}${counted(count, 'client')} can get tokens for it`
  return [count === 0 ? 'No client refers to it.' : `${referring}: ${named}.`, ...useLines(used)]
}

/** The last use, and the tokens that outlive it. */
const useLines = ({
  last_used: used,
  last_address: address,
  tokens_until: until,
}: z.output<z.ZodObject<typeof uses>>) => [
  used === undefined
    ? 'It was never used.'
    : `It was last used at ${used}${address === undefined ? '' : `, from ${address}`}.`,
  ...(until === undefined ? [] : [`APIs that verify tokens themselves may accept its tokens until ${until}.`]),
]

export const counted = (count: number, thing: string): string => `${count} ${thing}${count === 1 ? '' : 's'}`

/** The things that end with a key, a line each. @throws NotFound if there is no such key */
export async function keyEffect(target: Target, kid: string): Promise<readonly string[]> {
  const { items } = await target.call('keys.list', {}, keys)
  const key = items.find((one) => one.kid === kid)
  if (key === undefined) throw new NotFound(`there is no key ${kid}`)
  const { state } = key
  if (state === undefined) return []
  return [
    state === 'active' ? 'It signs now, and another key takes its place.' : `It is ${state}.`,
    'Every token under it ends.',
  ]
}
