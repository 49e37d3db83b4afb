import { Button, Checkbox, Group, PasswordInput, Stack, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useMay } from '../../api/me.ts'
import { Failure } from '../../shared/failure.tsx'
import { Section, Sheet } from '../../shared/page.tsx'
import { common } from '../../texts/common.ts'
import { plans as t } from '../../texts/plans.ts'
import { type Consents, type Given, type Plan, secretsNamed } from './plan.ts'

interface Props {
  readonly plan: Plan
  readonly given: Given
  readonly isBusy: boolean
  readonly error: unknown
  readonly onEdit: () => void
  readonly onApply: (consents: Consents) => void
}

/** The consents that a plan needs, and its application. */
export function ApplyPanel({ plan, given, isBusy, error, onEdit, onApply }: Props) {
  const may = useMay()
  const [typed, setTyped] = useState('')
  const [ignoresTests, setIgnores] = useState(false)
  const [reason, setReason] = useState('')
  const [secrets, setSecrets] = useState<Readonly<Record<string, string>>>({})
  const destroyed = plan.losses.filter(({ destructive }) => destructive).length
  const hasFailed = plan.tests.some(({ passed }) => !passed)
  const named = secretsNamed(given.files)
  const destroys = destroyed > 0 && typed.trim() === t.consentWord
  const isReady =
    (destroyed === 0 || destroys) &&
    (!hasFailed || ignoresTests) &&
    (plan.conflicts.length === 0 || given.takeOver) &&
    plan.steps.some(({ action }) => action !== 'unchanged')
  const edit = (
    <Button variant="default" onClick={onEdit}>
      {t.edit}
    </Button>
  )
  if (!may('plans:write'))
    return (
      <Stack gap="sm" align="flex-start">
        <p style={{ margin: 0 }}>{t.mayNot}</p>
        {edit}
      </Stack>
    )
  return (
    <Section title={t.applyTitle}>
      <Sheet>
        <form
          autoComplete="off"
          onSubmit={(event) => {
            event.preventDefault()
            onApply({ destroys, ignoresTests, reason, secrets })
          }}
        >
          <Stack>
            {destroyed > 0 && (
              <TextInput
                label={t.consent(destroyed)}
                description={t.consentType}
                value={typed}
                onChange={(event) => setTyped(event.currentTarget.value)}
                spellCheck={false}
              />
            )}
            {hasFailed && (
              <Checkbox
                label={t.ignoreTests}
                checked={ignoresTests}
                onChange={(event) => setIgnores(event.currentTarget.checked)}
              />
            )}
            {named.length > 0 && <p style={{ margin: 0 }}>{t.secretsNeeded}</p>}
            {named.map((name) => (
              <PasswordInput
                key={name}
                label={t.secret(name)}
                autoComplete="off"
                value={secrets[name] ?? ''}
                onChange={(event) => setSecrets({ ...secrets, [name]: event.currentTarget.value })}
              />
            ))}
            <TextInput
              label={t.reason}
              description={common.reasonHint}
              value={reason}
              onChange={(event) => setReason(event.currentTarget.value)}
              maxLength={256}
            />
            {error !== null && error !== undefined && <Failure error={error} />}
            <Group>
              <Button type="submit" color={destroyed > 0 ? 'brick' : 'tile'} loading={isBusy} disabled={!isReady}>
                {t.apply}
              </Button>
              {edit}
            </Group>
          </Stack>
        </form>
      </Sheet>
    </Section>
  )
}
