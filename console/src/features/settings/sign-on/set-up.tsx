import { SegmentedControl } from '@mantine/core'
import { getRouteApi, Link } from '@tanstack/react-router'
import { Code } from '../../../shared/code.tsx'
import { Section } from '../../../shared/page.tsx'
import { signOn as t } from '../../../texts/sign-on.ts'
import { configurationFor, providers } from './providers.ts'
import classes from './sign-on.module.css'

const route = getRouteApi('/settings/sign-on')

/** The way to single sign-on, for the provider that is chosen. */
export function SetUp() {
  const { at = 'any' } = route.useSearch()
  const navigate = route.useNavigate()
  return (
    <Section title={t.setUp} lead={t.setUpLead}>
      <div>
        <SegmentedControl
          aria-label={t.provider}
          data={providers.map((value) => ({ value, label: t.providers[value] }))}
          value={at}
          onChange={(value) =>
            void navigate({
              search: (before) => ({ ...before, at: providers.find((one) => one === value && one !== 'any') }),
              replace: true,
              resetScroll: false,
            })
          }
        />
      </div>
      <ol className={classes['steps']}>
        {t.steps[at].map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ol>
      <Code of={t.configuration}>{configurationFor(at)}</Code>
      <p className={classes['note']}>
        {t.keep}{' '}
        <Link to="/audit" search={{ type: ['session.start'] }}>
          {t.openAudit}
        </Link>
      </p>
    </Section>
  )
}
