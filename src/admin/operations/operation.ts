import { z } from 'zod'
import { type Authority, requireSomewhere } from '../../management/authority/authority.ts'
import type { Permission } from '../../management/authority/permissions.ts'
import type { Answer } from './answer.ts'
import type { CallContext } from './call-context.ts'
import { parseBody, parsePath, parseQuery } from './input.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** `public`: everybody, without authentication. `member`: everybody who has authenticated; the work checks the rest. */
type Access = Permission | 'public' | 'member'

/** A call as it arrives, before it is parsed. */
interface RawInput {
  /** The parameters of the path, decoded. */
  readonly path: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  /** Undefined if there is none. */
  readonly body: unknown
}

/** The description of an operation that documents and clients need. */
interface OperationInfo {
  /** The resource and the verb, such as `clients.show`. */
  readonly id: string
  readonly method: Method
  /** Below `/api/v1`, with parameters in braces, such as `/clients/{client_id}`. */
  readonly path: string
  readonly summary: string
  readonly access: Access
  readonly parameters: z.ZodObject
  readonly query: z.ZodObject
  readonly body: z.ZodType | undefined
  /** The status of a success, and the form of its body; undefined if it has none. */
  readonly status: 200 | 201 | 204
  readonly answer: z.ZodType | undefined
  /** Whether it changes something that has a version, so that it needs `If-Match` (RFC 9110 §13.1.1). */
  readonly isConditional: boolean
  /** Whether its query or body names something that must exist, so that it may answer 404 without a parameter of the path. */
  readonly isReferring: boolean
  /** Whether its answer is kept for a repetition with the same `Idempotency-Key`, with a digest of its body. Only changes need that. */
  readonly isKept: boolean
  /** The words of the commands that do the same, such as `clients show`. */
  readonly commands: readonly string[]
  readonly example: Example
}

interface Example {
  readonly path?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string>>
  readonly body?: unknown
  readonly answer?: unknown
}

/** An operation of the admin API. */
export interface Operation extends OperationInfo {
  /**
   * Checks the permission, parses the input, and does the work.
   * @throws NotAllowed, InvalidParameters, InvalidBody, Stale, and the errors of the verb
   */
  call(context: CallContext, input: RawInput): Promise<Answer>
}

/** @throws NotAllowed if an operation takes a permission that the caller has over nothing */
export function admit(authority: Authority, access: Access): void {
  if (access !== 'public' && access !== 'member') requireSomewhere(authority, access)
}

type Defaulted = 'status' | 'answer' | 'isConditional' | 'isReferring' | 'isKept' | 'commands' | 'example'

interface Definition<Path extends z.ZodObject, Query extends z.ZodObject, Body extends z.ZodType>
  extends Omit<OperationInfo, Defaulted>,
    Partial<Pick<OperationInfo, Defaulted>> {
  readonly parameters: Path
  readonly query: Query
  readonly body: Body
  readonly run: (
    context: CallContext,
    input: { readonly path: z.output<Path>; readonly query: z.output<Query>; readonly body: z.output<Body> },
  ) => Promise<Answer>
}

const nothing = z.strictObject({})

/** The parts of an input that an operation does not have. */
export const noParameters = { parameters: nothing } as const
export const noQuery = { query: nothing } as const
export const noBody = { body: z.undefined({ error: 'must be left out' }) } as const

/** Defines an operation. The permission is checked and the input is parsed before `run` sees them. */
export const operation = <Path extends z.ZodObject, Query extends z.ZodObject, Body extends z.ZodType>({
  run,
  ...info
}: Definition<Path, Query, Body>): Operation => ({
  status: 200,
  answer: undefined,
  isConditional: false,
  isReferring: false,
  isKept: true,
  commands: [],
  example: {},
  ...info,
  async call(context, input) {
    const { access, parameters, query, body } = info
    admit(context.management.authority, access)
    return run(context, {
      path: parsePath(parameters, input.path),
      query: parseQuery(query, input.query),
      body: parseBody(body, input.body),
    })
  },
})
