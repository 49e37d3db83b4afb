import { Button, PasswordInput, Select, Stack, Text, Textarea } from '@mantine/core'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { useMay } from '../../api/me.ts'
import { Icon } from '../../shared/icon.tsx'
import { TypedField, useTyped } from '../../shared/typed-field.tsx'
import { lab as t } from '../../texts/lab.ts'
import { ClientField } from './client-field.tsx'
import classes from './lab.module.css'
import { type LabSearch, methods } from './lab-search.ts'

/** The parts of a request that the address never has. */
export interface Secrets {
  readonly secret: string
  readonly assertion: string
  readonly dpop: string
}

interface Props {
  readonly built: LabSearch
  readonly secrets: Secrets
  readonly onSecrets: (next: Secrets) => void
  readonly isBusy: boolean
  readonly onSend: () => void
}

const route = getRouteApi('/lab')

/** The parts of a token request. All but the secrets stand in the address. */
export function RequestForm({ built, secrets, onSecrets, isBusy, onSend }: Props) {
  const navigate = route.useNavigate()
  const change = (next: Partial<LabSearch>) =>
    void navigate({ search: (before) => ({ ...before, ...next }), replace: true, resetScroll: false })
  const { method = 'client_secret_basic' } = built
  // It stays open while the last of its lines is deleted.
  const [hadMore] = useState(built.more !== undefined)
  const maySend = useMay()('lab:use', 'anything')
  return (
    <form
      className={classes['form']}
      autoComplete="off"
      onSubmit={(event) => {
        event.preventDefault()
        // A field that is left writes itself into the address first.
        if (document.activeElement instanceof HTMLElement) document.activeElement.blur()
        setTimeout(onSend)
      }}
    >
      <Stack gap="md">
        <ClientField hint={t.clientHint} client={built.client} onChange={(client) => change({ client })} />
        <Select
          label={t.method}
          data={methods.map((value) => ({ value, label: t.methods[value] }))}
          value={method}
          allowDeselect={false}
          onChange={(value) => change({ method: methods.find((one) => one === value) })}
        />
        {/_(basic|post)$/.test(method) && (
          <PasswordInput
            label={t.secret}
            description={t.secretHint}
            value={secrets.secret}
            onChange={(event) => onSecrets({ ...secrets, secret: event.currentTarget.value })}
            autoComplete="off"
          />
        )}
        {method.endsWith('_jwt') && (
          <Textarea
            label={t.assertion}
            description={t.assertionHint}
            rows={4}
            spellCheck={false}
            classNames={{ input: classes['mono'] ?? '' }}
            value={secrets.assertion}
            onChange={(event) => onSecrets({ ...secrets, assertion: event.currentTarget.value })}
          />
        )}
        <TypedField
          label={t.scope}
          description={t.scopeHint}
          value={built.scope}
          onChange={(scope) => change({ scope })}
        />
        <LinesField
          label={t.resource}
          hint={t.resourceHint}
          value={built.resource}
          onChange={(resource) => change({ resource })}
        />
        <details className={classes['more']} open={hadMore}>
          <summary>{t.more}</summary>
          <Stack gap="md" mt="sm">
            <LinesField label={t.more} hint={t.moreHint} value={built.more} onChange={(more) => change({ more })} />
            <Textarea
              label={t.dpop}
              description={t.dpopHint}
              rows={2}
              spellCheck={false}
              classNames={{ input: classes['mono'] ?? '' }}
              value={secrets.dpop}
              onChange={(event) => onSecrets({ ...secrets, dpop: event.currentTarget.value })}
            />
          </Stack>
        </details>
        <Button type="submit" loading={isBusy} disabled={!maySend} leftSection={<Icon name="play" size={14} />}>
          {t.send}
        </Button>
        <Text size="xs" c="dimmed">
          {maySend ? t.counts : t.mayNot}
        </Text>
      </Stack>
    </form>
  )
}

interface LinesProps {
  readonly label: string
  readonly hint: string
  readonly value: readonly string[] | undefined
  readonly onChange: (value: readonly string[] | undefined) => void
}

const tidyLines = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('\n')

function LinesField({ label, hint, value = [], onChange }: LinesProps) {
  const { text, type, flush } = useTyped(value.join('\n'), (next) => onChange(next?.split('\n')), tidyLines)
  return (
    <Textarea
      label={label}
      description={hint}
      autosize
      minRows={1}
      value={text}
      onChange={(event) => type(event.currentTarget.value)}
      onBlur={flush}
      spellCheck={false}
    />
  )
}
