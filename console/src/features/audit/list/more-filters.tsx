import { TagsInput, TextInput } from '@mantine/core'
import { TypedField } from '../../../shared/typed-field.tsx'
import { audit as t } from '../../../texts/audit.ts'
import type { Filters } from '../filters.ts'
import classes from './list.module.css'

interface Props {
  readonly filters: Filters
  readonly onChange: (next: Filters) => void
}

/** The filters that fewer people need. */
export function MoreFilters({ filters, onChange }: Props) {
  const tags = (name: 'client' | 'reason' | 'owner', label: string, description: string) => (
    <TagsInput
      label={label}
      description={description}
      data={[]}
      value={[...(filters[name] ?? [])]}
      onChange={(values) => onChange({ [name]: values.length > 0 ? values : undefined })}
      clearable
    />
  )
  const line = (name: 'actor' | 'request_id' | 'credential' | 'api', label: string, description?: string) => (
    <TypedField
      label={label}
      description={description}
      value={filters[name]}
      onChange={(value) => onChange({ [name]: value })}
    />
  )
  const moment = (name: 'since' | 'until', label: string) => (
    <TextInput
      type="datetime-local"
      label={label}
      value={toLocal(filters[name])}
      onChange={({ currentTarget: { value } }) =>
        onChange({ last: undefined, [name]: value === '' ? undefined : new Date(value).toISOString() })
      }
    />
  )
  return (
    <div className={classes['more']}>
      {moment('since', t.since)}
      {moment('until', t.until)}
      {line('request_id', t.requestId)}
      {line('credential', t.credential)}
      {tags('client', t.client, t.clientHint)}
      {tags('reason', t.reason, t.reasonHint)}
      {line('actor', t.actor, t.actorHint)}
      {line('api', t.api, t.apiHint)}
      {tags('owner', t.owner, t.ownerHint)}
    </div>
  )
}

/** A time as `datetime-local` shows it: of this zone, to the minute. */
function toLocal(at: string | undefined): string {
  if (at === undefined) return ''
  const moment = new Date(at)
  return new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}
