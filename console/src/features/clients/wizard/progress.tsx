import { Link } from '@tanstack/react-router'
import { Icon } from '../../../shared/icon.tsx'
import { wizard as t } from '../../../texts/wizard.ts'
import { type Draft, reachable } from './draft.ts'
import { type Step, steps } from './steps.ts'
import classes from './wizard.module.css'

/** The steps. Those that can be reached are links. */
export const Progress = ({ present, draft }: { readonly present: Step; readonly draft: Draft }) => (
  <nav aria-label={t.progress}>
    <ol className={classes['progress']}>
      {steps.map((step, index) => {
        const isPast = index < steps.indexOf(present)
        const content = (
          <>
            <span className={classes['number']}>{isPast ? <Icon name="check" size={12} /> : index + 1}</span>
            <span className={classes['title']}>{t.steps[step]}</span>
          </>
        )
        return (
          <li key={step} aria-current={step === present ? 'step' : undefined}>
            {reachable(step, draft) === step ? (
              <Link to="/clients/new" search={{ step }}>
                {content}
              </Link>
            ) : (
              <span>{content}</span>
            )}
          </li>
        )
      })}
    </ol>
  </nav>
)
