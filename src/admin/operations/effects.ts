import { z } from 'zod'
import { recentAddresses } from '../../management/usage/addresses.ts'
import { issuedLastWeek, recentUsage } from '../../management/usage/recent.ts'
import type { Audience, ClientId, CredentialId } from '../../oauth/ids.ts'
import { iso } from '../../platform/clock.ts'
import type { CallContext } from './call-context.ts'

const moment = z.iso.datetime().optional()

/** The last use of a thing, and the tokens that outlive it. */
export const uses = {
  last_used: moment.describe('When it was last used; missing if it never was.'),
  last_address: z
    .string()
    .optional()
    .describe('The address of the last token request that the audit log still has. Missing without `audit:read`.'),
  tokens_until: moment.describe('Until when APIs that verify tokens themselves may accept them.'),
} as const

export const usedApis = z.array(z.strictObject({ audience: z.string(), issued: z.int() }))

const counts = z.strictObject({ issued: z.int(), refused: z.int() })

/** The requests of the last time. */
export const lately = {
  recent: z
    .strictObject({ hour: counts, day: counts, week: counts })
    .optional()
    .describe(
      'Token requests in the last hour, in the last day, and on the last seven days (UTC). Missing without `usage:read`.',
    ),
  addresses: z
    .array(z.strictObject({ address: z.string(), last_used_at: z.iso.datetime(), requests: z.int() }))
    .optional()
    .describe('The senders of its last token requests, the latest first. Missing without `audit:read`.'),
} as const

interface Uses {
  readonly lastUsedAt: number | undefined
  readonly lastAddress?: string | undefined
  readonly tokensUntil: number | undefined
}

export const usesBody = ({ lastUsedAt, lastAddress, tokensUntil }: Uses) => ({
  last_used: iso(lastUsedAt),
  last_address: lastAddress,
  tokens_until: iso(tokensUntil),
})

/** The client, the credential of a client, or the API whose requests are meant. */
interface Used {
  readonly client?: ClientId
  readonly credential?: CredentialId
  readonly api?: Audience
}

const filterOf = ({ client, ...rest }: Used) => ({ ...rest, ...(client !== undefined && { clients: [client] }) })

/** The requests of the last time, as far as the caller may see them. */
export async function latelyBody({ management }: CallContext, used: Used) {
  const addresses = await recentAddresses(management, {
    clientIds: used.client && [used.client],
    credential: used.credential,
    audience: used.api,
  })
  return {
    recent: await recentUsage(management, filterOf(used)),
    addresses: addresses?.map(({ address, lastUsedAt: at, requests }) => ({
      address,
      last_used_at: iso(at),
      requests,
    })),
  }
}

/** The tokens of the last week, by API. It is empty if the caller may see no usage. */
export const issuedBody = ({ management }: CallContext, used: Used): ReturnType<typeof issuedLastWeek> =>
  issuedLastWeek(management, filterOf(used))
