import { difference as t } from '../texts/difference.ts'
import classes from './difference.module.css'

/** A field with its value before and after a change. */
export interface ChangedField {
  readonly field: string
  readonly before: unknown
  readonly after: unknown
}

/** Fields that change, old and new side by side. */
export const Difference = ({ fields }: { readonly fields: readonly ChangedField[] }) => (
  <table className={classes['difference']}>
    <thead>
      <tr>
        <th scope="col">{t.field}</th>
        <th scope="col">{t.before}</th>
        <th scope="col">{t.after}</th>
      </tr>
    </thead>
    <tbody>
      {fields.map(({ field, before, after }) => (
        <tr key={field}>
          <th scope="row">{field}</th>
          <td>{isNone(before) ? <None /> : <del>{shown(before)}</del>}</td>
          <td>{isNone(after) ? <None /> : <ins>{shown(after)}</ins>}</td>
        </tr>
      ))}
    </tbody>
  </table>
)

const None = () => <span className={classes['none']}>{t.none}</span>

const isNone = (value: unknown): boolean =>
  value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0)

/** A value of the model, for people: a list of words is written as one. */
export function shown(value: unknown): string {
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value.join(', ')
  return typeof value === 'string' ? value : JSON.stringify(value, null, 1)
}
