import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { CallContext } from '../admin/operations/call-context.ts'
import type { Cursors } from '../admin/operations/cursor.ts'
import type { Operation } from '../admin/operations/operation.ts'
import { operations } from '../admin/operations/operations.ts'
import { refusalOf } from '../endpoints/refusal-table.ts'
import { statedReason } from '../management/stated-reason.ts'
import { listNodes } from '../nodes/list.ts'
import { systemClock } from '../platform/clock.ts'
import { NotFound, UserError } from '../platform/user-error.ts'
import { keyContext, managementContext, type Opened, type Stated, withDatabase } from './database.ts'
import { tokenOf } from './log-in.ts'
import { type NewSecrets, nothingChanged, withNewSecrets } from './new-secrets.ts'
import { print, say } from './output.ts'
import { Profiles } from './remote/profiles.ts'
import { Server } from './remote/server.ts'
import { isAnswerLost, madeUnseen, withoutSecrets } from './secrets/lost.ts'
import type { SecretsOptions } from './secrets/option.ts'
import type { NewSecret, SecretName } from './secrets/secret.ts'
import { holdingSignals } from './secrets/signals.ts'
import { OR_A_SERVER } from './settings.ts'
import { chooseTarget, type TargetOptions } from './target.ts'

/** The input of an operation, as it goes over the wire. */
interface CallInput {
  readonly path?: Readonly<Record<string, string>>
  /** A parameter with several values is repeated. */
  readonly query?: Readonly<Record<string, string | readonly string[]>>
  readonly body?: unknown
}

/** Calls one operation by its id. @returns the body of its answer, with secrets that are shown only once */
type Call = (id: string, input?: CallInput) => Promise<unknown>

/** The database or the server on which a command works. */
export interface Target {
  /** Calls an operation, and checks that the answer has the members that the command needs. */
  call<Answer extends z.ZodType>(id: string, input: CallInput, answer: Answer): Promise<z.output<Answer>>
  /** Reads the pages of a list one after another. */
  pages<Item extends z.ZodType>(id: string, input: CallInput, item: Item): AsyncIterable<readonly z.output<Item>[]>
  /** Reads every page of a list. */
  list<Item extends z.ZodType>(id: string, input: CallInput, item: Item): Promise<readonly z.output<Item>[]>
  /** Calls an operation that may make secrets, hands them over, and prints the answer: on a database before it takes effect. */
  make<Answer extends z.ZodType>(
    id: string,
    input: CallInput,
    answer: Answer,
    making: Making<z.output<Answer>>,
  ): Promise<z.output<Answer>>
}

/** The secrets of an operation. */
interface Making<Answer> {
  /** The secrets that it will make, as far as that is known. */
  readonly expected: readonly SecretName[]
  readonly secretsOf: (answer: Answer) => readonly NewSecret[]
  /** The answer in the form that was asked for. It may lack its secrets. */
  readonly asText: (answer: Answer) => string
}

/** Runs a command on its target: on a database within this process, or on a server over HTTPS. Both print the same. */
export const withTarget = <Result>(
  options: TargetOptions & SecretsOptions,
  work: (target: Target) => Promise<Result>,
): Promise<Result> => withNewSecrets(options.secretsTo, (secrets) => onTarget(options, secrets, work))

async function onTarget<Result>(
  options: TargetOptions,
  secrets: NewSecrets,
  work: (target: Target) => Promise<Result>,
): Promise<Result> {
  const profiles = new Profiles(process.env)
  const chosen = chooseTarget(options, process.env, profiles)
  const stated = { reason: options.reason }
  switch (chosen.kind) {
    case 'database':
      return withDatabase(chosen.config, (opened) => work(onDatabase(opened, stated, secrets)), OR_A_SERVER)
    case 'server':
      return work(onServer({ server: new Server(chosen.origin, undefined), token: chosen.token, stated }, secrets))
    case 'profile': {
      const profile = profiles.load(chosen.name)
      const token = await tokenOf(profiles, chosen.name, profile)
      const server = new Server(profile.server, profile.ca)
      return work(onServer({ server, token, stated }, secrets))
    }
  }
}

/** The entries that a page of a list has at most. */
export const MOST_A_PAGE = '200'

/** The operations on a database, with the full authority of an account that could change any row. */
function onDatabase(opened: Opened, stated: Stated, secrets: NewSecrets): Target {
  const context = (show: CallContext['show']): CallContext => ({
    management: managementContext(opened, stated),
    keys: () => keyContext(opened, stated),
    // A command reads and writes at once: nobody has seen an older state.
    precondition: { kind: 'unconditional' },
    cursors: openCursors,
    server: {
      issuer: opened.options.issuer ?? '',
      settings: ofServer,
      problems: ofServer,
      nodes: () => listNodes(opened.store.nodes, systemClock.now(), NO_NODE),
      openApi: ofServer,
      defaultLifetime: () => opened.options.token.lifetime,
      retentionDays: () => opened.options.audit.retention_days,
      refusalOf,
      tryRequest: ofServer,
      get addresses() {
        return ofServer()
      },
      publishedKeys: ofServer,
      clientAuth: ofServer,
      metadata: ofServer,
      served: ofServer,
    },
    show,
  })
  const callWith =
    (show: CallContext['show']): Call =>
    async (id, { path = {}, query = {}, body } = {}) => {
      const answer = await operationOf(id).call(context(show), { path, query: parametersOf(query), body })
      return answer.shownOnce === undefined ? answer.body : { ...Object(answer.body), ...answer.shownOnce }
    }
  return {
    call: checked(callWith(undefined)),
    ...listed(callWith(undefined)),
    make: async (id, input, schema, making) => {
      let isShown = false
      const show = (made: unknown) => {
        secrets.reveal(revelation(schema, id, made, making, nothingChanged))
        isShown = true
      }
      const answer = await checked(callWith(show))(id, input, schema)
      if (!isShown) print(making.asText(answer))
      return answer
    },
  }
}

/** A command is none of the servers. */
const NO_NODE = ''

/** The facts that only a running server has. */
const ofServer = (): never => {
  throw new UserError('only a running server knows this')
}

/** A command reads the pages of a list one after another, so nobody else sees a cursor. */
const openCursors: Cursors = {
  seal: (place, purpose) => JSON.stringify([purpose, place]),
  open: (cursor, purpose) => {
    try {
      const opened: unknown = JSON.parse(cursor)
      return Array.isArray(opened) && opened[0] === purpose ? opened[1] : undefined
    } catch {
      return undefined
    }
  },
}

const parametersOf = (query: NonNullable<CallInput['query']>): URLSearchParams =>
  new URLSearchParams(Object.entries(query).flatMap(([name, value]) => [value].flat().map((one) => [name, one])))

interface Remote {
  readonly server: Server
  readonly token: string
  readonly stated: Stated
}

/** The operations of a server. */
function onServer({ server, token, stated: { reason } }: Remote, secrets: NewSecrets): Target {
  const stated = reason === undefined ? {} : { 'Tessera-Reason': inUtf8(statedReason(reason)) }
  const call: Call = async (id, input = {}) => {
    const operation = operationOf(id)
    const { method } = operation
    const path = pathOf(operation, input)
    const headers = {
      ...(method !== 'GET' && stated),
      ...(method === 'POST' && { 'Idempotency-Key': randomUUID() }),
      ...(operation.isConditional && (await conditionOf(path))),
    }
    const query = parametersOf(input.query ?? {}).toString()
    const target = query === '' ? path : `${path}?${query}`
    return (await server.send({ method, path: target, headers, body: input.body }, token)).body
  }
  /** The state that a change is about. A change by somebody else after this moment is a conflict. */
  const conditionOf = async (path: string): Promise<Readonly<Record<string, string>>> => {
    try {
      const { etag } = await server.send({ method: 'GET', path }, token)
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

function revelation<Answer extends z.ZodType>(
  schema: Answer,
  id: string,
  made: unknown,
  { secretsOf, asText }: Making<z.output<Answer>>,
  lost: (why: string) => string,
) {
  const answer = parsed(schema, id, made)
  const hidden = () => parsed(schema, id, withoutSecrets(made))
  return { secrets: secretsOf(answer), text: (isOpen: boolean) => asText(isOpen ? answer : hidden()), lost }
}

/** A header holds bytes (RFC 9110 §5.5): those of the text in UTF-8. */
const inUtf8 = (text: string): string => Buffer.from(text).toString('latin1')

const pathOf = ({ path: template }: Operation, { path = {} }: CallInput): string =>
  `/api/v1${template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(path[name] ?? ''))}`

function operationOf(id: string): Operation {
  const found = operations.find((operation) => operation.id === id)
  if (found === undefined) throw new Error(`there is no operation ${id}`)
  return found
}

const checked =
  (call: Call): Target['call'] =>
  async (id, input, schema) =>
    parsed(schema, id, await call(id, input))

function listed(call: Call): Pick<Target, 'pages' | 'list'> {
  async function* pages<Item extends z.ZodType>(id: string, input: CallInput, item: Item) {
    const page = z.looseObject({ items: z.array(item), next: z.string().optional() })
    let cursor: string | undefined
    do {
      const query = { ...input.query, limit: MOST_A_PAGE, ...(cursor !== undefined && { cursor }) }
      const { items, next } = parsed(page, id, await call(id, { ...input, query }))
      yield items
      cursor = next
    } while (cursor !== undefined)
  }
  return {
    pages,
    async list(id, input, item) {
      const items: z.output<typeof item>[] = []
      for await (const some of pages(id, input, item)) items.push(...some)
      return items
    },
  }
}

function parsed<Answer extends z.ZodType>(schema: Answer, id: string, body: unknown): z.output<Answer> {
  const { success, data } = schema.safeParse(body)
  if (!success)
    throw new UserError(`the server answers ${id} in a form that this version does not know: update one of the two`)
  return data
}
