/** Reads the OpenAPI document of a server, and sends requests that it describes. */

import type { Agent } from 'node:https'
import { request } from 'node:https'
import { z } from 'zod'
import type { CallAdmin } from './admin.ts'

/** A part of a JSON Schema, as far as the document uses them. */
export interface Schema {
  readonly $ref?: string
  readonly type?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly format?: string
  readonly pattern?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | Schema
}

type Schemas = Readonly<Record<string, Schema>>

/** An operation, by the document alone. */
export interface Described {
  readonly id: string
  readonly method: string
  readonly path: string
  readonly isPublic: boolean
  /** The permission that the description names. */
  readonly permission: string | undefined
  readonly inPath: Schemas
  /** An object whose fields are the parameters. */
  readonly query: Schema
  readonly isConditional: boolean
  readonly body: { readonly type: string; readonly schema: Schema } | undefined
  /** By status: whether a body of that answer fits the document. */
  readonly answers: ReadonlyMap<
    number,
    { readonly type: string | undefined; readonly problems: (body: unknown) => string }
  >
}

const schema = z.looseObject({})
const media = z.record(z.string(), z.looseObject({ schema }))
const parameter = z.looseObject({
  in: z.string(),
  name: z.string(),
  required: z.boolean().optional(),
  schema,
})
const documentForm = z.looseObject({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.looseObject({
        operationId: z.string(),
        description: z.string().optional(),
        security: z.array(z.unknown()).optional(),
        parameters: z.array(parameter).default([]),
        requestBody: z.looseObject({ content: media }).optional(),
        responses: z.record(z.string(), z.looseObject({ content: media.optional() })),
      }),
    ),
  ),
  components: z.looseObject({ schemas: z.record(z.string(), schema) }),
})

/** The operations of a document, and the schemas to which they refer. */
export interface Document {
  readonly operations: readonly Described[]
  readonly schemas: Schemas
  /** Says what is wrong with a value; blank if nothing is. */
  readonly problemsOf: (schema: Schema, value: unknown) => string
}

/** Reads the document of a server. */
export async function readDocument(call: CallAdmin): Promise<Document> {
  const { paths, components } = documentForm.parse((await call('GET', '/openapi.json')).body)
  // Readers of plain JSON Schema know definitions in `$defs` alone.
  const definitions = JSON.parse(JSON.stringify(components.schemas).replaceAll('#/components/schemas/', '#/$defs/'))
  const parsers = new Map<Schema, z.ZodType>()
  const problemsOf = (given: Schema, value: unknown): string => {
    const parser = parsers.get(given) ?? toParser(given)
    parsers.set(given, parser)
    return parser.safeParse(value).error?.message ?? ''
  }
  const toParser = (given: Schema): z.ZodType =>
    z.fromJSONSchema({
      ...JSON.parse(JSON.stringify(given).replaceAll('#/components/schemas/', '#/$defs/')),
      $defs: definitions,
    })
  const operations = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, described]): Described => {
      const { operationId, description = '', security, parameters, requestBody, responses } = described
      const of = (place: string) => parameters.filter((one) => one.in === place)
      const asSchemas = (place: string): Schemas => Object.fromEntries(of(place).map((one) => [one.name, one.schema]))
      const [type, body] = Object.entries(requestBody?.content ?? {})[0] ?? []
      return {
        id: operationId,
        method: method.toUpperCase(),
        path,
        isPublic: security?.length === 0,
        permission: /Permission: `([^`]+)`/.exec(description)?.[1],
        inPath: asSchemas('path'),
        query: {
          type: 'object',
          properties: asSchemas('query'),
          required: of('query').flatMap(({ name, required }) => (required ? [name] : [])),
          additionalProperties: false,
        },
        isConditional: 'If-Match' in asSchemas('header'),
        body: type === undefined || body === undefined ? undefined : { type, schema: body.schema },
        answers: new Map(
          Object.entries(responses).map(([status, { content = {} }]) => {
            const [kind, answer] = Object.entries(content)[0] ?? []
            return [
              Number(status),
              { type: kind, problems: (given) => (answer === undefined ? '' : problemsOf(answer.schema, given)) },
            ]
          }),
        ),
      }
    }),
  )
  return { operations, schemas: components.schemas, problemsOf }
}

/** A request, as it is sent. */
export interface Sent {
  readonly method: string
  /** The path and the query, which are sent as they are. */
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Buffer | undefined
}

export interface Received {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly text: string
}

/** Sends a request without the corrections that `fetch` makes to paths. */
export const send = (origin: string, agent: Agent, { method, target, headers, body }: Sent): Promise<Received> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(origin)
    // Node leaves the length out for some methods.
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }
    const whole = { ...headers, ...length }
    const sending = request({ agent, hostname, port, method, path: target, headers: whole }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(chunks).toString('utf8'),
        }),
      )
    })
    sending.on('error', reject)
    sending.end(body)
  })
