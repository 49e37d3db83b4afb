import { Button, Popover, Select, Stack, Switch, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { useState } from 'react'
import { Icon } from '../../../shared/icon.tsx'
import { clients as t } from '../../../texts/clients.ts'
import { type Filters, kinds } from './filters.ts'

interface Props {
  readonly filters: Filters
  readonly onChange: (next: Partial<Filters>) => void
}

const PAUSE_MS = 300
const UNUSED = ['7', '30', '90', '180', '365']
const EXPIRING = ['1', '7', '30', '90']

/** Sets filters, in a sheet below its button. */
export function FilterMenu({ filters, onChange }: Props) {
  return (
    <Popover width="18rem" position="bottom-start" shadow="md" trapFocus withRoles>
      <Popover.Target>
        <Button variant="default" leftSection={<Icon name="filter" />}>
          {t.addFilter}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label={t.filters}>
        <Stack gap="sm">
          <Choice
            label={t.filterNames.enabled}
            value={filters.enabled}
            data={[
              { value: 'true', label: t.enabled },
              { value: 'false', label: t.disabled },
            ]}
            onChange={(value) => onChange({ enabled: value === 'true' || value === 'false' ? value : undefined })}
          />
          <Choice
            label={t.filterNames.kind}
            value={filters.kind}
            data={kinds.map((value) => ({ value, label: t.kinds[value] }))}
            onChange={(value) => onChange({ kind: kinds.find((one) => one === value) })}
          />
          <Line
            label={t.filterNames.owner}
            value={filters.owner?.join(', ')}
            onChange={(value) =>
              onChange({ owner: value?.split(/[\s,]+/).filter((one) => one !== ''), no_owner: undefined })
            }
          />
          <Switch
            label={t.filterNames.no_owner}
            checked={filters.no_owner === 'true'}
            onChange={(event) =>
              onChange({ no_owner: event.currentTarget.checked ? 'true' : undefined, owner: undefined })
            }
          />
          <Line label={t.filterNames.tag} value={filters.tag} onChange={(tag) => onChange({ tag })} />
          <Line
            label={t.filterNames.manifest}
            value={filters.manifest}
            onChange={(manifest) => onChange({ manifest })}
          />
          <Choice
            label={t.filterNames.unused_days}
            value={filters.unused_days}
            data={daysOf(UNUSED, filters.unused_days)}
            onChange={(value) => onChange({ unused_days: value })}
          />
          <Choice
            label={t.filterNames.expiring_days}
            value={filters.expiring_days}
            data={daysOf(EXPIRING, filters.expiring_days)}
            onChange={(value) => onChange({ expiring_days: value })}
          />
        </Stack>
      </Popover.Dropdown>
    </Popover>
  )
}

/** The usual choices, and the one of the address. */
const daysOf = (usual: readonly string[], present: string | undefined) =>
  [...new Set([...usual, ...(present === undefined ? [] : [present])])].map((value) => ({
    value,
    label: t.days(value),
  }))

interface InputProps {
  readonly label: string
  readonly value: string | undefined
  readonly onChange: (value: string | undefined) => void
}

interface ChoiceProps extends InputProps {
  readonly data: readonly { readonly value: string; readonly label: string }[]
}

const Choice = ({ label, value, data, onChange }: ChoiceProps) => (
  <Select
    size="xs"
    label={label}
    placeholder={t.any}
    clearable
    data={[...data]}
    value={value ?? null}
    onChange={(next) => onChange(next ?? undefined)}
    comboboxProps={{ withinPortal: false }}
  />
)

function Line({ label, value, onChange }: InputProps) {
  const [text, setText] = useState(value ?? '')
  const report = useDebouncedCallback((next: string) => onChange(next.trim() || undefined), PAUSE_MS)
  return (
    <TextInput
      size="xs"
      label={label}
      placeholder={t.any}
      value={text}
      onChange={(event) => {
        setText(event.currentTarget.value)
        report(event.currentTarget.value)
      }}
    />
  )
}
