import { plans as t } from '../../texts/plans.ts'
import type { Step } from './plan.ts'
import classes from './plans.module.css'

/** The things that change, each with its fields. */
export const Steps = ({ steps }: { readonly steps: readonly Step[] }) =>
  steps.map((step) => (
    <article key={`${step.kind} ${step.id}`} className={classes['step']} data-action={step.action}>
      <h3>
        <span className={classes['action']}>{t.actions[step.action]}</span>
        <span className={classes['quiet']}>{t.kinds[step.kind]}</span> <code>{step.id}</code>
        {step.from !== undefined && <span className={classes['quiet']}>{t.was(step.from)}</span>}
      </h3>
      {step.changes.length > 0 && (
        <table>
          <thead>
            <tr>
              <th scope="col">{t.field}</th>
              <th scope="col">{t.before}</th>
              <th scope="col">{t.after}</th>
            </tr>
          </thead>
          <tbody>
            {step.changes.map(({ field, before, after }) => (
              <tr key={field}>
                <th scope="row">{field}</th>
                <td>
                  {isNone(before) ? <span className={classes['quiet']}>{t.none}</span> : <del>{shown(before)}</del>}
                </td>
                <td>
                  {isNone(after) ? <span className={classes['quiet']}>{t.none}</span> : <ins>{shown(after)}</ins>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </article>
  ))

const isNone = (value: unknown): boolean => value === null || value === undefined || value === ''

function shown(value: unknown): string {
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value.join(', ')
  return typeof value === 'string' ? value : JSON.stringify(value, null, 1)
}
