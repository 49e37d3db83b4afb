import { Link } from '@tanstack/react-router'
import { why as t } from '../../texts/why.ts'
import { Copy } from '../copy.tsx'
import { Icon } from '../icon.tsx'
import { Instant } from '../instant.tsx'
import { Status } from '../status.tsx'
import { Checks } from './checks.tsx'
import type { Explanation } from './explanation.ts'
import { RemedyStep } from './remedy-step.tsx'
import classes from './why.module.css'

/** One event of a request, in words: what came of it, why, and how to mend it. */
export function Explained({ about }: { readonly about: Explanation }) {
  const { checks = [], did_you_mean: meant = [], notes = [], remedies = [], steps = [] } = about
  const isRefused = about.result !== 'success'
  return (
    <article className={classes['explained']}>
      <header>
        <p className={classes['result']}>
          <Status kind={isRefused ? 'bad' : 'good'}>{isRefused ? t.refused : t.done}</Status>
          <span>
            {t.types[about.type] ?? about.type}, <Instant at={about.time} />
          </span>
        </p>
        <h2>{about.meaning ?? (isRefused ? t.otherVersion : t.succeeded)}</h2>
        {notes.map((note) => (
          <p key={note}>{note}</p>
        ))}
      </header>
      {meant.length > 0 && (
        <section>
          <h3>{t.meant}</h3>
          {meant.map((one) => (
            <p key={one.sent} className={classes['meant']}>
              <del>{one.sent}</del>
              <Icon name="chevron" size={12} />
              <ins>{one.meant}</ins>
            </p>
          ))}
        </section>
      )}
      {steps.length > 0 && (
        <section>
          <h3>{t.steps}</h3>
          <ol className={classes['steps']}>
            {steps.map(({ step, result, why }) => (
              <li key={`${step} ${result}`}>
                <span>{t.stepNames[step] ?? step}</span>
                <div>
                  <strong>{result}</strong>
                  <p>{why}</p>
                </div>
              </li>
            ))}
          </ol>
        </section>
      )}
      {checks.length > 0 && (
        <section>
          <h3>{t.checks}</h3>
          <Checks of={checks} />
        </section>
      )}
      {remedies.length > 0 && (
        <section>
          <h3>{t.remedies}</h3>
          <ol className={classes['remedies']}>
            {remedies.map((remedy) => (
              <RemedyStep key={remedy.text} remedy={remedy} about={about} />
            ))}
          </ol>
        </section>
      )}
      <Facts about={about} />
    </article>
  )
}

function Facts({ about }: { readonly about: Explanation }) {
  const { answered, reason, client_id: client, detail = {} } = about
  return (
    <footer className={classes['facts']}>
      <dl>
        {reason !== undefined && (
          <>
            <dt>{t.reason}</dt>
            <dd>
              <code>{reason}</code>
            </dd>
          </>
        )}
        {answered !== undefined && (
          <>
            <dt>{t.answered}</dt>
            <dd>
              <code>
                {answered.status} {answered.error}
              </code>
            </dd>
          </>
        )}
        {client !== undefined && (
          <>
            <dt>{t.client}</dt>
            <dd>
              <Link to="/clients/$clientId" params={{ clientId: client }}>
                {client}
              </Link>
            </dd>
          </>
        )}
        {about.credential_label !== undefined && (
          <>
            <dt>{t.credential}</dt>
            <dd>{about.credential_label}</dd>
          </>
        )}
        {about.remote_address !== undefined && (
          <>
            <dt>{t.address}</dt>
            <dd>{about.remote_address}</dd>
          </>
        )}
        <dt>{t.request}</dt>
        <dd>
          <code>{about.request_id}</code> <Copy value={about.request_id} of={t.requestId} />
        </dd>
      </dl>
      {Object.keys(detail).length > 0 && (
        <details>
          <summary>{t.facts}</summary>
          <pre>{JSON.stringify(detail, null, 2)}</pre>
        </details>
      )}
    </footer>
  )
}
