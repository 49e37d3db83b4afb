import { Alert, Button } from '@mantine/core'
import { Empty } from '../../shared/empty.tsx'
import { Icon } from '../../shared/icon.tsx'
import { Instant } from '../../shared/instant.tsx'
import { Section } from '../../shared/page.tsx'
import { Status } from '../../shared/status.tsx'
import { plans as t } from '../../texts/plans.ts'
import { lossInWords } from './loss.ts'
import type { Loss, Plan } from './plan.ts'
import classes from './plans.module.css'
import { Steps } from './steps.tsx'
import { Tests } from './tests.tsx'

const ACTIONS = ['create', 'update', 'rename', 'delete', 'unchanged'] as const

interface Props {
  readonly plan: Plan
  /** The server has changed, so this plan took the place of another one. */
  readonly hasChanged: boolean
  readonly onTakeOver: () => void
}

/** A plan, as one reads a pull request. */
export function Review({ plan, hasChanged, onTakeOver }: Props) {
  const { steps, losses, conflicts, tests, warnings, generates } = plan
  const counts = ACTIONS.map((action) => [action, steps.filter((one) => one.action === action).length] as const)
  const changed = steps.filter(({ action }) => action !== 'unchanged')
  return (
    <>
      {hasChanged && (
        <Alert color="ochre" icon={<Icon name="warn" />} title={t.changed} role="alert">
          {t.changedLead}
        </Alert>
      )}
      <ul className={classes['totals']} aria-label={t.totals}>
        {counts.map(([action, count]) => count > 0 && <li key={action}>{t.total[action](count)}</li>)}
      </ul>
      {conflicts.length > 0 && (
        <Section
          title={t.conflicts}
          lead={t.conflictsLead}
          actions={
            <Button variant="default" onClick={onTakeOver}>
              {t.takeOverPlan}
            </Button>
          }
        >
          <ul className={classes['lines']}>
            {conflicts.map((text) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
        </Section>
      )}
      {losses.length > 0 && (
        <Section title={t.losses} lead={t.lossesLead}>
          <ul className={classes['lines']} data-kind="loss">
            {losses.map((loss) => (
              <LossLine key={JSON.stringify(loss)} loss={loss} />
            ))}
          </ul>
        </Section>
      )}
      {tests.length > 0 && <Tests tests={tests} />}
      <Section title={t.changes}>
        {changed.length === 0 ? <Empty title={t.nothing}>{t.nothingLead}</Empty> : <Steps steps={changed} />}
      </Section>
      {generates.length > 0 && (
        <Section title={t.generates} lead={t.generatesLead}>
          <ul className={classes['lines']}>
            {generates.map(({ client_id: id, label }) => (
              <li key={`${id} ${label}`}>
                {id} / {label}
              </li>
            ))}
          </ul>
        </Section>
      )}
      {warnings.length > 0 && (
        <Section title={t.warnings}>
          <ul className={classes['lines']}>
            {warnings.map((text) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
        </Section>
      )}
    </>
  )
}

function LossLine({ loss }: { readonly loss: Loss }) {
  const { destructive, last_used: lastUsed } = loss
  return (
    <li>
      <span>{lossInWords(loss)}</span>
      {'last_used' in loss && (
        <span className={classes['quiet']}>
          {typeof lastUsed === 'string' ? (
            <>
              {t.lastUsed} <Instant at={lastUsed} />
            </>
          ) : (
            t.neverUsed
          )}
        </span>
      )}
      {destructive && <Status kind="bad">{t.destroys}</Status>}
    </li>
  )
}
