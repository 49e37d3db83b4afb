import { Button, Group, Stack } from '@mantine/core'
import { useMutation, useSuspenseQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { api, read } from '../../../api/client.ts'
import { Problem } from '../../../api/problem.ts'
import { addressesQuery } from '../../../shared/addresses.ts'
import { Failure } from '../../../shared/failure.tsx'
import { Page } from '../../../shared/page.tsx'
import { clients } from '../../../texts/clients.ts'
import { wizard as t } from '../../../texts/wizard.ts'
import { AccessStep } from './access-step.tsx'
import { Done } from './done.tsx'
import { bodyOf, type Draft, emptyDraft, isComplete, reachable, stepOf } from './draft.ts'
import { Progress } from './progress.tsx'
import { ProofStep } from './proof-step.tsx'
import { RunsStep } from './runs-step.tsx'
import { type Step, steps } from './steps.ts'
import { SummaryStep } from './summary-step.tsx'

const route = getRouteApi('/clients/new')

/** Makes a client in a few steps. They stand in the address; what was entered stays in memory alone. */
export function WizardPage() {
  const navigate = useNavigate()
  const { data: addresses } = useSuspenseQuery(addressesQuery)
  const [draft, setDraft] = useState(emptyDraft)
  const step = reachable(route.useSearch().step ?? 'runs', draft)
  const go = (next: Step) => void navigate({ to: '/clients/new', search: { step: next } })
  const create = useMutation({
    mutationFn: () => read(api.POST('/api/v1/clients', { body: bodyOf(draft) })),
    onError: (error) => {
      const pointer = error instanceof Problem ? error.errors[0]?.pointer : undefined
      if (pointer !== undefined) go(stepOf(pointer))
    },
  })
  const set = (next: Partial<Draft>) => {
    if (create.error !== null) create.reset()
    setDraft((before) => ({ ...before, ...next }))
  }
  const above = { to: '/clients', title: clients.title }
  if (create.data !== undefined) {
    const { client_id: clientId, secrets } = create.data
    return (
      <Page title={t.made(clientId)} above={above} width="read">
        <Done
          draft={draft}
          addresses={addresses}
          secret={secrets?.[0]?.secret}
          onEnd={() => void navigate({ to: '/clients/$clientId', params: { clientId } })}
        />
      </Page>
    )
  }
  const at = steps.indexOf(step)
  const errorAt = (pointer: string) => (create.error instanceof Problem ? create.error.at(pointer) : undefined)
  const props = { draft, set, errorAt, issuer: addresses.issuer }
  const [before, next] = [steps[at - 1], steps[at + 1]]
  return (
    <Page title={t.title} above={above} width="read">
      <Progress present={step} draft={draft} />
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (next === undefined) create.mutate()
          else go(next)
        }}
      >
        <Stack gap="lg">
          {create.error !== null && <Failure error={create.error} />}
          {step === 'runs' && <RunsStep {...props} />}
          {step === 'access' && <AccessStep {...props} />}
          {step === 'proof' && <ProofStep {...props} />}
          {step === 'summary' && <SummaryStep draft={draft} onChange={go} />}
          <Group justify="space-between">
            {before === undefined ? (
              <span />
            ) : (
              <Button variant="default" onClick={() => go(before)}>
                {t.back}
              </Button>
            )}
            <Button type="submit" disabled={!isComplete[step](draft)} loading={create.isPending}>
              {next === undefined ? t.create : t.next}
            </Button>
          </Group>
        </Stack>
      </form>
    </Page>
  )
}
