import { Button, Popover, Select, Stack, Switch } from '@mantine/core'
import { kinds } from '../../../shared/credentials/kinds.ts'
import { Icon } from '../../../shared/icon.tsx'
import { TypedField } from '../../../shared/typed-field.tsx'
import { clients as t } from '../../../texts/clients.ts'
import type { Filters } from './filters.ts'

interface Props {
  readonly filters: Filters
  readonly onChange: (next: Partial<Filters>) => void
}

/** Between the names of owners. */
const BETWEEN = ', '
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
          <TypedField
            size="xs"
            label={t.filterNames.owner}
            placeholder={t.any}
            value={filters.owner?.join(BETWEEN)}
            onChange={(value) => onChange({ owner: value?.split(BETWEEN), no_owner: undefined })}
            tidy={(text) => text.match(/[^\s,]+/g)?.join(BETWEEN) ?? ''}
          />
          <Switch
            label={t.filterNames.no_owner}
            checked={filters.no_owner === 'true'}
            onChange={(event) =>
              onChange({ no_owner: event.currentTarget.checked ? 'true' : undefined, owner: undefined })
            }
          />
          <TypedField
            size="xs"
            label={t.filterNames.tag}
            placeholder={t.any}
            value={filters.tag}
            onChange={(tag) => onChange({ tag })}
          />
          <TypedField
            size="xs"
            label={t.filterNames.manifest}
            placeholder={t.any}
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

interface ChoiceProps {
  readonly label: string
  readonly value: string | undefined
  readonly data: readonly { readonly value: string; readonly label: string }[]
  readonly onChange: (value: string | undefined) => void
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
