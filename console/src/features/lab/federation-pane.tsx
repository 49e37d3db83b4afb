import { Button, Stack, Textarea } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { api, read } from '../../api/client.ts'
import { Empty } from '../../shared/empty.tsx'
import { Failure } from '../../shared/failure.tsx'
import { Comparison } from '../../shared/federation.tsx'
import { Section } from '../../shared/page.tsx'
import { TokenParts } from '../../shared/token-view.tsx'
import { lab as t } from '../../texts/lab.ts'
import { ClientField } from './client-field.tsx'
import classes from './lab.module.css'

const route = getRouteApi('/lab')

/** Compares the token of a platform with the federated credentials. */
export function FederationPane() {
  const { client } = route.useSearch()
  const navigate = route.useNavigate()
  const [token, setToken] = useState('')
  const compared = useMutation({
    mutationFn: () =>
      read(
        api.POST('/api/v1/lab/federation', {
          body: { token: token.trim(), ...(client !== undefined && { client_id: client }) },
        }),
      ),
  })
  return (
    <div className={classes['bench']}>
      <form
        className={classes['form']}
        onSubmit={(event) => {
          event.preventDefault()
          compared.mutate()
        }}
      >
        <Stack gap="md">
          <Textarea
            label={t.platformToken}
            description={t.platformTokenHint}
            rows={8}
            spellCheck={false}
            classNames={{ input: classes['mono'] ?? '' }}
            value={token}
            onChange={(event) => setToken(event.currentTarget.value)}
          />
          <ClientField
            hint={t.anyClient}
            client={client}
            onChange={(next) => void navigate({ search: (before) => ({ ...before, client: next }), replace: true })}
          />
          <Button type="submit" loading={compared.isPending} disabled={token.trim() === ''}>
            {t.compare}
          </Button>
        </Stack>
      </form>
      <section className={classes['outcome']} aria-live="polite">
        {compared.error !== null ? (
          <Failure error={compared.error} />
        ) : compared.data === undefined ? (
          <Empty title={t.compareEmpty}>{t.federationLead}</Empty>
        ) : (
          <>
            <Comparison of={compared.data} />
            <Section title={t.token}>
              <TokenParts decoded={compared.data} />
            </Section>
          </>
        )}
      </section>
    </div>
  )
}
