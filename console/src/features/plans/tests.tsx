import { Section } from '../../shared/page.tsx'
import { Status } from '../../shared/status.tsx'
import { plans as t } from '../../texts/plans.ts'
import type { Plan } from './plan.ts'
import classes from './plans.module.css'

/** The results of the tests, in the state that would be. Those that fail come first. */
export function Tests({ tests }: { readonly tests: Plan['tests'] }) {
  const failed = tests.filter(({ passed }) => !passed)
  const lead = failed.length === 0 ? t.testsPassed(tests.length) : t.testsFailed(failed.length, tests.length)
  return (
    <Section title={t.tests} lead={lead}>
      <ul className={classes['lines']}>
        {[...failed, ...tests.filter(({ passed }) => passed)].map(
          ({ name, passed, file, line, column, differences }) => (
            <li key={`${file}:${line}:${column}`}>
              <Status kind={passed ? 'good' : 'bad'}>{passed ? t.passed : t.failed}</Status>
              <span>{name}</span>
              <code className={classes['quiet']}>
                {file}:{line}:{column}
              </code>
              {differences.map(({ expected, got }) => (
                <dl key={`${expected} ${got}`}>
                  <dt>{t.expected}</dt>
                  <dd>
                    <ins>{expected}</ins>
                  </dd>
                  <dt>{t.got}</dt>
                  <dd>
                    <del>{got}</del>
                  </dd>
                </dl>
              ))}
            </li>
          ),
        )}
      </ul>
    </Section>
  )
}
