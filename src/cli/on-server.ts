import { randomUUID } from 'node:crypto'
import { findOperation } from '../admin/operations/find.ts'
import type { Operation } from '../admin/operations/operation.ts'
import { statedReason } from '../management/stated-reason.ts'
import { NotAllowed, NotFound } from '../platform/user-error.ts'
import { type Call, type CallInput, checked, listed, parametersOf, revelation, type Target } from './calls.ts'
import type { Stated } from './database.ts'
import type { NewSecrets } from './new-secrets.ts'
import { say } from './output.ts'
import type { RemoteAnswer, RemoteRequest, Server } from './remote/server.ts'
import { isAnswerLost, madeUnseen } from './secrets/lost.ts'
import { holdingSignals } from './secrets/signals.ts'

interface Remote {
  readonly server: Server
  readonly token: string
  /** Fetches a token in place of a kept one, which may be older than a permission. */
  readonly renew?: (() => Promise<string>) | undefined
  readonly stated: Stated
}

/** The operations of a server. */
export function onServer({ server, token, renew, stated: { reason } }: Remote, secrets: NewSecrets): Target {
  let [present, another] = [token, renew]
  /** Sends a request, and once more with a new token if the kept one is refused. A refused request has changed nothing. */
  const send = async (request: RemoteRequest): Promise<RemoteAnswer> => {
    try {
      return await server.send(request, present)
    } catch (error) {
      if (!(error instanceof NotAllowed) || another === undefined) throw error
      const fetching = another
      another = undefined
      present = await fetching()
      return server.send(request, present)
    }
  }
  const stated = reason === undefined ? {} : { 'Tessera-Reason': inUtf8(statedReason(reason)) }
  const call: Call = async (id, input = {}) => {
    const operation = await findOperation(id)
    const { method } = operation
    const path = pathOf(operation, input)
    const headers = {
      ...(method !== 'GET' && stated),
      ...(method === 'POST' && { 'Idempotency-Key': randomUUID() }),
      ...(operation.isConditional && (await conditionOf(path))),
    }
    const query = parametersOf(input.query ?? {}).toString()
    const target = query === '' ? path : `${path}?${query}`
    return (await send({ method, path: target, headers, body: input.body })).body
  }
  /** The state that a change is about. A change by somebody else after this moment is a conflict. */
  const conditionOf = async (path: string): Promise<Readonly<Record<string, string>>> => {
    try {
      const { etag } = await send({ method: 'GET', path })
      return { 'If-Match': etag ?? '*' }
    } catch (error) {
      if (error instanceof NotFound) return { 'If-None-Match': '*' }
      throw error
    }
  }
  return {
    call: checked(call),
    ...listed(call),
    make: (id, input, schema, making) => {
      const { expected, secretsOf } = making
      secrets.require(expected)
      return holdingSignals(say, async () => {
        const answer = await checked(call)(id, input, schema).catch((error: unknown) => {
          throw expected.length > 0 && isAnswerLost(error) ? madeUnseen(error.message, expected) : error
        })
        const lost = (why: string) => madeUnseen(why, secretsOf(answer)).message
        secrets.reveal(revelation(schema, id, answer, making, lost))
        return answer
      })
    },
  }
}

/** A header holds bytes (RFC 9110 §5.5): those of the text in UTF-8. */
const inUtf8 = (text: string): string => Buffer.from(text).toString('latin1')

const pathOf = ({ path: template }: Operation, { path = {} }: CallInput): string =>
  `/api/v1${template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(path[name] ?? ''))}`
