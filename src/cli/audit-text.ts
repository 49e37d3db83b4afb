import { z } from 'zod'
import { actorInWords, signInWays } from '../audit/actor.ts'
import { printable } from './output.ts'

const sha256 = z.array(z.string()).exactOptional()

const actor = z.discriminatedUnion('kind', [
  z.looseObject({
    kind: z.literal('operator'),
    user: z.string(),
    host: z.string(),
    way: z.enum(['command', 'manifest']),
    sha256,
  }),
  z.looseObject({
    kind: z.literal('administrator'),
    name: z.string(),
    via: z.enum(signInWays).exactOptional(),
    way: z.enum(['api', 'console', 'manifest']),
    sha256,
  }),
  z.looseObject({ kind: z.literal('client'), client_id: z.string(), way: z.enum(['api', 'manifest']), sha256 }),
  z.looseObject({ kind: z.literal('system'), way: z.literal('schedule') }),
])

const fields = z.record(z.string(), z.unknown()).nullable()

const changesAnswer = z.looseObject({
  things: z.array(
    z.looseObject({
      thing: z.string(),
      id: z.string(),
      name: z.string().optional(),
      owner: z.string().optional(),
      before: fields,
      after: fields,
    }),
  ),
  others: z.int(),
})

/** An audit event in the answers of the admin API. Its members have this order. */
export const eventAnswer = z.looseObject({
  seq: z.int(),
  time: z.string(),
  type: z.string(),
  result: z.string(),
  reason: z.string().optional(),
  client_id: z.string().optional(),
  remote_address: z.string().optional(),
  request_id: z.string(),
  trace_id: z.string().optional(),
  detail: z.record(z.string(), z.unknown()),
  actor: actor.optional(),
  changes: changesAnswer.optional(),
})

/** An event as one line for people. */
export function eventAsLine(event: z.output<typeof eventAnswer>): string {
  const { time, type, result, seq: _, detail, actor, changes, ...rest } = event
  const fields = Object.entries({ ...rest, ...detail }).filter(([, value]) => value !== undefined)
  return [
    time,
    type,
    result,
    ...(actor === undefined ? [] : [printable(`by ${authorInWords(actor)}`)]),
    ...fields.map(([name, value]) => `${printable(name)}=${asField(value)}`),
    ...(changes === undefined ? [] : [printable(changesAsText(changes))]),
  ].join(' ')
}

const authorInWords = (author: z.output<typeof actor>): string =>
  actorInWords(author.kind === 'client' ? { ...author, clientId: author.client_id } : author)

/** For example `(client job: enabled true -> false)`. */
function changesAsText({ things, others }: z.output<typeof changesAnswer>): string {
  const texts = things.map(({ thing, id, name: title, owner, before, after }) => {
    const known = [title === undefined ? '' : JSON.stringify(title), owner === undefined ? '' : `of ${owner}`]
    const name = [thing, id, ...known].filter((word) => word !== '').join(' ')
    if (before === null) return `new ${name}`
    if (after === null) return `removed ${name}`
    const fields = Object.keys(after).map(
      (field) => `${field} ${JSON.stringify(before[field])} -> ${JSON.stringify(after[field])}`,
    )
    return `${name}: ${fields.join(', ')}`
  })
  return `(${[...texts, ...(others > 0 ? [`and ${others} more`] : [])].join('; ')})`
}

function asField(value: unknown): string {
  const text = typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value)
  return printable(text)
}
