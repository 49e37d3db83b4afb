import { z } from 'zod'
import type { Target } from './operate.ts'

const uses = z.looseObject({
  items: z.array(z.looseObject({ id: z.string(), label: z.string(), last_used: z.string().optional() })),
})

const keys = z.looseObject({ items: z.array(z.looseObject({ kid: z.string(), state: z.string().optional() })) })

/** The last use of a client or of one of its credentials, in a line. @throws NotFound if there is no such client */
export async function clientEffect(target: Target, client: string, name?: string): Promise<readonly string[]> {
  const { items } = await target.call('credentials.of-client', { path: { client_id: client } }, uses)
  const named = items.filter(({ id, label }) => name === undefined || id === name || label === name)
  const last = named
    .flatMap(({ last_used: used }) => (used === undefined ? [] : [used]))
    .toSorted()
    .at(-1)
  const also = name === undefined ? [`It has ${items.length} credential${items.length === 1 ? '' : 's'}.`] : []
  return [...also, last === undefined ? 'It was never used.' : `It was last used at ${last}.`]
}

/** The things that end with a key, a line each. */
export async function keyEffect(target: Target, kid: string): Promise<readonly string[]> {
  const { items } = await target.call('keys.list', {}, keys)
  const { state } = items.find((key) => key.kid === kid) ?? {}
  if (state === undefined) return []
  return [
    state === 'active' ? 'It signs now, and another key takes its place.' : `It is ${state}.`,
    'Every token under it ends.',
  ]
}
