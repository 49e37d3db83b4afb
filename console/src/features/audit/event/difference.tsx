import { audit as t } from '../../../texts/audit.ts'
import type { AuditEvent } from '../queries.ts'
import classes from './event.module.css'

type Changes = NonNullable<AuditEvent['changes']>
type Thing = Changes['things'][number]

/** The things that an event changed, each field with its value before and after. */
export const Difference = ({ changes: { things, others } }: { readonly changes: Changes }) => (
  <>
    {things.map((thing) => (
      <ChangedThing key={`${thing.thing} ${thing.id}`} thing={thing} />
    ))}
    {others > 0 && <p className={classes['quiet']}>{t.others(others)}</p>}
  </>
)

function ChangedThing({ thing }: { readonly thing: Thing }) {
  const { before, after, name, id, client } = thing
  const fields = Object.keys({ ...before, ...after })
  const done = before === null ? t.made : after === null ? t.removed : t.changed
  return (
    <div className={classes['thing']}>
      <h3>
        <span className={classes['kind']}>{thing.thing}</span> {client !== undefined && `${client} / `}
        {name ?? id} <span className={classes['kind']}>{done}</span>
      </h3>
      {fields.length > 0 && (
        <table className={classes['difference']}>
          <thead>
            <tr>
              <th scope="col">{t.field}</th>
              <th scope="col">{t.before}</th>
              <th scope="col">{t.after}</th>
            </tr>
          </thead>
          <tbody>
            {fields.map((field) => (
              <tr key={field}>
                <th scope="row">{inWords(field)}</th>
                <td>
                  <Value value={before?.[field]} kind="del" />
                </td>
                <td>
                  <Value value={after?.[field]} kind="ins" />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  )
}

/** A field of the model, such as `tokenLifetime`, in words. */
const inWords = (field: string): string => field.replaceAll(/([a-z])([A-Z])/g, '$1 $2').toLowerCase()

function Value({ value, kind: Kind }: { readonly value: unknown; readonly kind: 'del' | 'ins' }) {
  if (value === undefined || value === null || (Array.isArray(value) && value.length === 0))
    return <span className={classes['quiet']}>{t.none}</span>
  return <Kind>{shown(value)}</Kind>
}

/** A list of words is one to a person. */
function shown(value: unknown): string {
  if (typeof value === 'string') return value
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value.join(', ')
  return JSON.stringify(value, null, 1)
}
