import { Difference } from '../../../shared/difference.tsx'
import { audit as t } from '../../../texts/audit.ts'
import type { AuditEvent } from '../queries.ts'
import classes from './event.module.css'

type EventChanges = NonNullable<AuditEvent['changes']>
type Thing = EventChanges['things'][number]

/** The things that an event changed, each field with its value before and after. */
export const Changes = ({ changes: { things, others } }: { readonly changes: EventChanges }) => (
  <>
    {things.map((thing) => (
      <ChangedThing key={`${thing.thing} ${thing.id}`} thing={thing} />
    ))}
    {others > 0 && <p className={classes['quiet']}>{t.others(others)}</p>}
  </>
)

function ChangedThing({ thing }: { readonly thing: Thing }) {
  const { before, after, name, id, client } = thing
  const fields = Object.keys({ ...before, ...after }).map((name) => ({
    field: inWords(name),
    before: before?.[name],
    after: after?.[name],
  }))
  const done = before === null ? t.made : after === null ? t.removed : t.changed
  return (
    <div className={classes['thing']}>
      <h3>
        <span className={classes['kind']}>{thing.thing}</span> {client !== undefined && `${client} / `}
        {name ?? id} <span className={classes['kind']}>{done}</span>
      </h3>
      {fields.length > 0 && <Difference fields={fields} />}
    </div>
  )
}

/** A field of the model, such as `tokenLifetime`, in words. */
const inWords = (field: string): string => field.replaceAll(/([a-z])([A-Z])/g, '$1 $2').toLowerCase()
