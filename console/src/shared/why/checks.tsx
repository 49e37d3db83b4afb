import { why as t } from '../../texts/why.ts'
import { Status } from '../status.tsx'
import type { Check } from './explanation.ts'
import classes from './why.module.css'

/** Comparisons of what was expected with what came. A check that passed takes one line. */
export const Checks = ({ of }: { readonly of: readonly Check[] }) => (
  <ul className={classes['checks']}>
    {of.map(({ check, passed, expected, received, note }) => (
      <li key={`${check} ${expected}`}>
        <Status kind={passed ? 'good' : 'bad'}>
          {check} {passed ? t.passed : t.wrong}
        </Status>
        {passed ? (
          <span>{received}</span>
        ) : (
          <dl>
            <dt>{t.expected}</dt>
            <dd>{expected}</dd>
            <dt>{t.received}</dt>
            <dd>{received}</dd>
          </dl>
        )}
        {note !== undefined && <p>{note}</p>}
      </li>
    ))}
  </ul>
)
