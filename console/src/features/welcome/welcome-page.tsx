import { Button, Group, Stack } from '@mantine/core'
import { useSuspenseQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { addressesQuery } from '../../shared/addresses.ts'
import { Page, Section, Sheet } from '../../shared/page.tsx'
import { SecretOnce } from '../../shared/secret-once.tsx'
import { SnippetTabs } from '../../shared/snippets/snippet-tabs.tsx'
import type { Target } from '../../shared/snippets/target.ts'
import { welcome as t } from '../../texts/welcome.ts'
import { FirstClient, type MadeClient } from './first-client.tsx'
import { FirstToken } from './first-token.tsx'

/** The way from an empty server to a token: a client, a working command, and the token taken apart. */
export function WelcomePage() {
  const { data: addresses } = useSuspenseQuery(addressesQuery)
  const [made, setMade] = useState<MadeClient>()
  const [isKept, setKept] = useState(false)
  const target: Target | undefined = made && {
    ...addresses,
    clientId: made.clientId,
    resource: made.api,
    scope: made.scope,
    proof: { kind: 'secret' },
  }
  return (
    <Page title={t.title} lead={t.lead} width="read">
      <Section title={t.stepClient} lead={t.stepClientLead}>
        <Sheet>
          <FirstClient made={made} onMade={setMade} />
        </Sheet>
      </Section>
      {made !== undefined && target !== undefined && (
        <>
          {!isKept && (
            <Section title={t.stepSecret}>
              <Sheet>
                <SecretOnce
                  clientId={made.clientId}
                  tokenUrl={addresses.tokenUrl}
                  secret={made.secret}
                  onKept={() => setKept(true)}
                />
              </Sheet>
            </Section>
          )}
          <Section title={t.stepToken} lead={t.stepTokenLead}>
            <SnippetTabs target={target} first="curl" />
            <FirstToken made={made} />
          </Section>
          <Stack gap="xs">
            <p style={{ margin: 0 }}>{t.next}</p>
            <Group gap="sm">
              <Button variant="default" component={Link} to={`/clients/${encodeURIComponent(made.clientId)}`}>
                {t.toClient}
              </Button>
              <Button variant="default" component={Link} to={`/apis/${encodeURIComponent(made.api)}`}>
                {t.toApi}
              </Button>
              <Button variant="default" component={Link} to="/">
                {t.toOverview}
              </Button>
            </Group>
          </Stack>
        </>
      )}
    </Page>
  )
}
