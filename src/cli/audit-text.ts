import type { Actor } from '../audit/actor.ts'
import type { Changes } from '../audit/changes.ts'
import { eventAsJson } from '../audit/event-json.ts'
import type { StoredAuditEvent } from '../audit/store.ts'
import { printable } from './output.ts'

/** An event as one line for people. */
export function eventAsLine(event: StoredAuditEvent): string {
  const { time, type, result, seq: _, detail, actor: __, changes, ...rest } = eventAsJson(event)
  const fields = Object.entries({ ...rest, ...detail }).filter(([, value]) => value !== undefined)
  return [
    time,
    type,
    result,
    ...(event.actor === undefined ? [] : [printable(`by ${nameOf(event.actor)}`)]),
    ...fields.map(([name, value]) => `${printable(name)}=${asField(value)}`),
    ...(changes === undefined ? [] : [printable(changesAsText(changes))]),
  ].join(' ')
}

function nameOf(actor: Actor): string {
  switch (actor.kind) {
    case 'operator':
      return `${actor.user} on ${actor.host}${actor.sha256 === undefined ? '' : ` with the manifest sha256:${actor.sha256.join(',')}`}`
    case 'administrator':
      return `the administrator ${actor.name}${actor.via === 'sign_on' ? ' (single sign-on)' : ''}${actor.way === 'console' ? ' in the console' : ''}`
    case 'client':
      return `the client ${actor.clientId}`
    case 'system':
      return 'the schedule'
  }
}

/** For example `(client job: enabled true -> false)`. */
function changesAsText({ things, others }: Changes): string {
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
