import type { Actor } from '../audit/actor.ts'
import type { AuditEvent } from '../audit/event.ts'
import type { RuntimeContext } from '../endpoints/routes.ts'
import { tokenEndpoint } from '../endpoints/token.ts'
import { grants } from '../grants/grants.ts'
import { CompleteRequest } from '../http/complete-request.ts'
import type { HttpResponse, RequestFacts } from '../http/message.ts'
import { asRefusal, errorResponse } from '../http/respond.ts'
import type { TryRequest } from '../management/lab/request-token.ts'
import { RequestId } from '../oauth/ids.ts'
import { uuidv7 } from '../platform/random.ts'
import type { Dependencies } from './environment.ts'
import { challengeOf } from './listeners.ts'

/**
 * Makes the way by which administrators try token requests out: through the token endpoint of this process, with its throttle, its
 * records and its counts. The event of such a request names its author.
 */
export const tokenTrials =
  ({ config, clock, random, log }: Dependencies, services: RuntimeContext) =>
  ({ remoteAddress, traceId, userAgent }: RequestFacts, actor: Actor): TryRequest =>
  async ({ headers, body }) => {
    const requestId = RequestId(uuidv7(clock, random))
    const { audit } = services.recording
    let recorded: AuditEvent | undefined
    const listening = {
      get isFull() {
        return audit.isFull
      },
      record: (event: AuditEvent) => {
        recorded = { ...event, actor }
        audit.record(recorded)
      },
    }
    const endpoint = tokenEndpoint({ ...services, recording: { ...services.recording, audit: listening } }, grants)
    const { pathname } = new URL(services.metadata.addresses.urlsOf('token')[0])
    const request = new CompleteRequest(
      { requestId, at: clock.now(), remoteAddress, traceId, userAgent },
      { method: 'POST', path: pathname, headers, query: '', body: Buffer.from(body) },
      () => undefined,
    )
    const answer = await answered()
    return {
      requestId,
      ...answer,
      body: String(answer.body),
      headers: { ...answer.headers, 'X-Request-Id': requestId },
      event: recorded,
    }

    async function answered(): Promise<HttpResponse> {
      try {
        return await endpoint(request)
      } catch (error) {
        const refused = asRefusal(error)
        await refused.held
        if (refused.reason === 'unexpected')
          log.error({ err: refused.cause, request_id: requestId }, 'a request failed')
        return errorResponse(refused, challengeOf(config), requestId)
      }
    }
  }
