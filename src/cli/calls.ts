import { z } from 'zod'
import { UserError } from '../platform/user-error.ts'
import { withoutSecrets } from './secrets/lost.ts'
import type { NewSecret, SecretName } from './secrets/secret.ts'

/** The input of an operation, as it goes over the wire. */
export interface CallInput {
  readonly path?: Readonly<Record<string, string>>
  /** A parameter with several values is repeated. */
  readonly query?: Readonly<Record<string, string | readonly string[]>>
  readonly body?: unknown
}

/** Calls one operation by its id. @returns the body of its answer, with secrets that are shown only once */
export type Call = (id: string, input?: CallInput) => Promise<unknown>

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
export interface Making<Answer> {
  /** The secrets that it will make, as far as that is known. */
  readonly expected: readonly SecretName[]
  readonly secretsOf: (answer: Answer) => readonly NewSecret[]
  /** The answer in the form that was asked for. It may lack its secrets. */
  readonly asText: (answer: Answer) => string
}

/** The entries that a page of a list has at most. */
export const MOST_A_PAGE = '200'

/** A parameter with several values is repeated. */
export const parametersOf = (query: NonNullable<CallInput['query']>): URLSearchParams =>
  new URLSearchParams(Object.entries(query).flatMap(([name, value]) => [value].flat().map((one) => [name, one])))

/** The new secrets of an answer, and its text with or without them. */
export function revelation<Answer extends z.ZodType>(
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

/** Checks that answers have the members that the command needs. */
export const checked =
  (call: Call): Target['call'] =>
  async (id, input, schema) =>
    parsed(schema, id, await call(id, input))

/** Reads lists by their pages. */
export function listed(call: Call): Pick<Target, 'pages' | 'list'> {
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
