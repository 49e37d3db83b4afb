import { Difference } from '../../shared/difference.tsx'
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
      {step.changes.length > 0 && <Difference fields={step.changes} />}
    </article>
  ))
