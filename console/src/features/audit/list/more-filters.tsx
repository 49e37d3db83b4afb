import { TagsInput, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { useEffect, useState } from 'react'
import { audit as t } from '../../../texts/audit.ts'
import type { Filters } from '../filters.ts'
import classes from './list.module.css'

interface Props {
  readonly filters: Filters
  readonly onChange: (next: Filters) => void
}

const PAUSE_MS = 250

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
    <Line
      label={label}
      description={description}
      value={filters[name] ?? ''}
      onChange={(value) => onChange({ [name]: value || undefined })}
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

interface LineProps {
  readonly label: string
  readonly description: string | undefined
  readonly value: string
  readonly onChange: (value: string) => void
}

/** A text that counts once its author pauses. */
function Line({ label, description, value, onChange }: LineProps) {
  const [typed, setTyped] = useState(value)
  const changeLater = useDebouncedCallback(onChange, PAUSE_MS)
  useEffect(() => setTyped(value), [value])
  return (
    <TextInput
      label={label}
      description={description}
      value={typed}
      onChange={(event) => {
        setTyped(event.currentTarget.value)
        changeLater(event.currentTarget.value.trim())
      }}
      spellCheck={false}
    />
  )
}

/** A time as `datetime-local` shows it: of this zone, to the minute. */
function toLocal(at: string | undefined): string {
  if (at === undefined) return ''
  const moment = new Date(at)
  return new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}
