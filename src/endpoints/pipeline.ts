import type { AuditEventType } from '../audit/event.ts'
import { type AuthenticatedClient, authenticateClient } from '../client-auth/authenticate.ts'
import type { ClientAuthContext } from '../client-auth/context.ts'
import type { Form } from '../http/form.ts'
import type { Endpoint, HttpRequest, HttpResponse, RequestFacts } from '../http/message.ts'
import { asRefusal } from '../http/respond.ts'
import type { Audience } from '../oauth/ids.ts'
import type { Refusal } from '../oauth/refusal.ts'
import type { IssuedToken } from '../tokens/issue.ts'
import { countIssued, countRefused, type Recording, recordRefusal, recordSuccess } from './record.ts'
import { refusal } from './refusals.ts'
import { type ClientRequest, parseRequest } from './request.ts'

/** The parts of the server on which every endpoint for clients depends. */
export interface PipelineContext {
  readonly clientAuth: ClientAuthContext
  readonly recording: Recording
}

/** The outcome of a request: the answer, and the content of its audit event. */
export interface Outcome {
  readonly response: HttpResponse
  /** Recorded as the detail of a success; undefined if a success is not recorded. */
  readonly detail?: Readonly<Record<string, unknown>>
  /** Counted in the usage of the client. */
  readonly issued?: IssuedToken
  /** Recorded as a refusal that the answer must not reveal. */
  readonly refused?: Refusal
}

/** The steps that differ between the endpoints at which clients authenticate. */
export interface ClientEndpoint<Parameters> {
  /** The type of the event under which requests are recorded. */
  readonly action: AuditEventType
  /** Whether a request must be recorded to succeed. Such a request is refused while the audit log is full. */
  readonly isRecorded: boolean
  parse(form: Form, http: HttpRequest): Parameters
  /** The API that a request names, if it exists. Only an endpoint that has this counts refusals in the usage of clients. */
  apiOf?(parameters: Parameters): Audience | undefined
  /** Answers an authenticated client. @throws Refusal */
  answer(client: AuthenticatedClient, request: ClientRequest<Parameters>): Outcome | Promise<Outcome>
}

/**
 * Runs the steps of every endpoint at which clients authenticate: room in the audit log → parse → authenticate → answer
 * → record. No endpoint records a refusal itself, so none can forget to.
 */
export function clientEndpoint<Parameters>(
  { clientAuth, recording }: PipelineContext,
  { action, isRecorded, parse, apiOf, answer }: ClientEndpoint<Parameters>,
): Endpoint {
  return async (http) => {
    let client: AuthenticatedClient | undefined
    let request: ClientRequest<Parameters> | undefined
    try {
      if (isRecorded && recording.audit.isFull) throw refusal('audit_full')
      request = parseRequest(http, parse)
      const authenticating = authenticateClient(clientAuth, request.authentication, http)
      client = authenticating instanceof Promise ? await authenticating : authenticating
      const { response, detail, issued, refused } = await answer(client, request)
      if (detail !== undefined) recordSuccess(recording, http, action, client, detail)
      if (issued !== undefined) countIssued(recording, http, client, issued)
      if (refused !== undefined) recordRefusal(recording, http, action, client, refused)
      return response
    } catch (error) {
      const refused = asRefusal(error)
      recordRefusal(recording, http, action, client, refused)
      if (apiOf !== undefined && request !== undefined)
        countRefused(recording, clientAuth.directory, http, refused, client, apiOf(request.parameters))
      throw error
    }
  }
}

/** Records a request that was refused before any endpoint saw it. */
export const recordEarlyRefusal = (recording: Recording, facts: RequestFacts, refused: Refusal): void =>
  recordRefusal(recording, facts, 'request.refuse', undefined, refused)
