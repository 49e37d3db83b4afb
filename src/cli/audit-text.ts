import { actorInWords } from '../audit/actor.ts'
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
    ...(event.actor === undefined ? [] : [printable(`by ${actorInWords(event.actor)}`)]),
    ...fields.map(([name, value]) => `${printable(name)}=${asField(value)}`),
    ...(changes === undefined ? [] : [printable(changesAsText(changes))]),
  ].join(' ')
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
