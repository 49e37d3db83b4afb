import { actorName } from '../../audit/actor-name.ts'
import type { Endpoint, HttpRequest, HttpResponse, Routes } from '../../http/message.ts'
import { NEVER_STORED } from '../../http/respond.ts'
import type { Permission } from '../../management/authority/permissions.ts'
import { UserError } from '../../platform/user-error.ts'
import { type Answer, etagOf } from '../operations/answer.ts'
import { InvalidInput, InvalidParameters } from '../operations/input.ts'
import { admit, type Operation } from '../operations/operation.ts'
import { refusal } from '../refusals.ts'
import type { AdminApi } from './admin-api.ts'
import { readJsonBody } from './body.ts'
import type { Authenticate, Caller } from './caller.ts'
import { API_ROOT, operationFinder } from './find-operation.ts'
import { isKnown, readPrecondition } from './headers.ts'
import type { OnceResponse } from './once-response.ts'
import { isDefect, problemResponse } from './problem.ts'
import { recordRefusedCall } from './record.ts'

/** Finds the endpoints of a path of the admin API. */
export function adminEndpoints(api: AdminApi): (path: string) => Routes[string] | undefined {
  const find = operationFinder(api.operations)
  return (path) => {
    const found = find(path)
    return (
      found &&
      Object.fromEntries(
        [...found.operations].map(([method, operation]) => [method, endpointOf(api, operation, found.parameters)]),
      )
    )
  }
}

const endpointOf =
  (api: AdminApi, operation: Operation, path: Readonly<Record<string, string>>): Endpoint =>
  async (request) => {
    let caller: Caller | undefined
    try {
      const known = await callerOf(api, operation, request)
      caller = known
      const answer = () => answerCall(api, operation, { caller: known, path }, request)
      return await (known === ANYBODY ? answer() : api.turns.run(callerKey(known), answer))
    } catch (error) {
      if (isDefect(error)) api.onDefect(error, request.requestId)
      recordRefusedCall(api, operation, caller, request, error)
      return problemResponse(operation.method === 'GET' ? inParameters(error) : error, request.requestId)
    }
  }

/** The error of a read. A wrong value is one of its parameters, since it has no fields. */
const inParameters = (error: unknown): unknown =>
  error instanceof UserError && error.kind === 'invalid' ? new InvalidParameters(problemsIn(error)) : error

const problemsIn = (error: UserError) => (error instanceof InvalidInput ? error.problems : [{ detail: error.message }])

/** The caller of an operation that everybody may use without authentication. */
const ANYBODY: Caller = {
  actor: { kind: 'system', way: 'schedule' },
  authority: { everywhere: new Set(), within: new Map() },
}

/** A text that is the same for all calls of one person or program. */
const callerKey = ({ actor }: Caller): string => `${actor.kind} ${actorName(actor)}`

/** @throws Refusal `admin_not_authenticated`, or that of the way that the request uses */
const callerOf = async ({ authenticate }: AdminApi, { access }: Operation, request: HttpRequest): Promise<Caller> =>
  access === 'public' ? ANYBODY : authenticated(authenticate, request)

async function authenticated(authenticate: readonly Authenticate[], request: HttpRequest): Promise<Caller> {
  for (const way of authenticate) {
    const caller = await way(request)
    if (caller !== undefined) return caller
  }
  throw refusal('admin_not_authenticated')
}

/** Makes a check that a request outside of the API comes from a caller with a permission. The check throws a Refusal if not. */
export const admitting =
  ({ authenticate }: Pick<AdminApi, 'authenticate'>, permission: Permission) =>
  async (request: HttpRequest): Promise<void> => {
    const { authority } = await authenticated(authenticate, request)
    if (!authority.everywhere.has(permission)) throw refusal('admin_not_allowed', { detail: { permission } })
  }

interface Call {
  readonly caller: Caller
  /** The parameters of the path. */
  readonly path: Readonly<Record<string, string>>
}

async function answerCall(
  { contextFor, idempotency }: AdminApi,
  operation: Operation,
  { caller, path }: Call,
  request: HttpRequest,
): Promise<HttpResponse> {
  const isRead = operation.method === 'GET'
  const precondition = isRead ? ({ kind: 'none' } as const) : readPrecondition(request.headers)
  const input = { path, query: new URLSearchParams(request.query), body: isRead ? undefined : readJsonBody(request) }
  const context = { ...contextFor(caller, request), precondition }
  const call = async () => toResponse(operation, await operation.call(context, input))
  if (operation.method !== 'POST') return withCondition(request, await call())
  // Strangers could store any number of keys, and would share them.
  if (operation.access === 'public' || !operation.isKept) return call()
  // The kept answer is for the same caller, who may have lost the permission, or come with a narrower token.
  admit(caller.authority, operation.access)
  return idempotency.once(caller, request, call)
}

/** Answers 304 if the reader has the state already (RFC 9110 §15.4.5). */
function withCondition({ method, headers }: HttpRequest, response: HttpResponse): HttpResponse {
  const { ETag: tag } = response.headers
  const isRead = method === 'GET' || method === 'HEAD'
  if (!isRead || tag === undefined || !isKnown(headers, tag)) return response
  return { status: 304, headers: { ETag: tag, 'Cache-Control': 'no-cache' }, body: '' }
}

function toResponse({ status, answer }: Operation, given: Answer): OnceResponse {
  const { body, state = body, shownOnce, location } = given
  if (answer === undefined) return { status: 204, headers: NEVER_STORED, body: '' }
  const headers = {
    'Content-Type': 'application/json',
    ...NEVER_STORED,
    ...(state !== null && { ETag: etagOf(state) }),
    ...(location !== undefined && { Location: API_ROOT + location }),
  }
  const first = JSON.stringify(shownOnce === undefined ? body : { ...Object(body), ...shownOnce })
  return {
    status: location === undefined ? status : 201,
    headers,
    body: first,
    ...(shownOnce !== undefined && { repeated: JSON.stringify(body) }),
  }
}
