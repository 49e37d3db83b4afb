import type { AuditEvent } from '../../audit/event.ts'
import { ClientId } from '../../oauth/ids.ts'
import { FieldError } from '../../platform/user-error.ts'
import { noClient } from '../authority/absent.ts'
import { mayOver, requireSomewhere } from '../authority/authority.ts'
import { type ExplainingContext, explainEvent } from '../explanations/explain.ts'
import type { Explanation } from '../explanations/explanation.ts'
import { messageOf, type RequestMessage, shownMessageOf, type TriedRequest } from './request-message.ts'

/** The answer of the token endpoint to a trial. */
interface TriedAnswer {
  readonly requestId: string
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** The audit event; undefined if the audit log is full, which refuses the request. */
  readonly event: AuditEvent | undefined
}

/** Sends a request through the token endpoint of this process, from the address of the person who tries it out. */
export type TryRequest = (message: RequestMessage) => Promise<TriedAnswer>

interface Trial {
  readonly shown: RequestMessage
  readonly answer: TriedAnswer
  /** Undefined if the author may not see the explanation, or nothing was recorded. */
  readonly explanation: Explanation | undefined
}

/** The largest body of a client's request. Bytes. */
const LARGEST_BODY = 64 * 1024

/**
 * Sends a token request as a client would, and explains its result. It is recorded, slowed and counted as the request of any client,
 * under the address of its author.
 * @throws NotAllowed; NotFound if the author may not use the client here; FieldError if the request is too large
 */
export async function requestToken(context: ExplainingContext, tried: TriedRequest, send: TryRequest): Promise<Trial> {
  await requireUse(context, tried.clientId)
  const message = messageOf(tried)
  if (Buffer.byteLength(message.body) > LARGEST_BODY)
    throw new FieldError([], `makes a request of over ${LARGEST_BODY} bytes, which no client may send`)
  const answer = await send(message)
  const { event } = answer
  const asked = { scope: tried.scope?.split(' ') ?? [], targets: [...tried.resource, ...tried.audience] }
  return {
    shown: shownMessageOf(tried),
    answer,
    explanation: event && (await explainEvent(context, { ...event, seq: 0 }, asked)),
  }
}

/** A member of a group may try the clients of the group alone, so that nothing tells apart those of others. */
async function requireUse({ authority, store }: ExplainingContext, id: string | undefined): Promise<void> {
  requireSomewhere(authority, 'lab:use')
  if (authority.everywhere.has('lab:use')) return
  if (id === undefined) throw new FieldError(['client_id'], 'is required of members of groups: name a client of yours')
  const client = await store.directory.loadClient(ClientId(id))
  const owner = client === undefined || 'problem' in client ? undefined : client.owner
  if (!mayOver(authority, 'lab:use', owner)) throw noClient(ClientId(id))
}
