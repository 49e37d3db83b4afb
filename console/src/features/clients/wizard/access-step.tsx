import { Checkbox, Skeleton, Stack, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, read } from '../../../api/client.ts'
import { Empty } from '../../../shared/empty.tsx'
import { Failure } from '../../../shared/failure.tsx'
import { Icon } from '../../../shared/icon.tsx'
import { Loaded } from '../../../shared/loaded.tsx'
import { wizard as t } from '../../../texts/wizard.ts'
import type { StepProps } from './step-props.ts'
import classes from './wizard.module.css'

const MOST = 20
const PAUSE_MS = 200

/** The APIs and scopes that the client may use. */
export function AccessStep({ draft, set }: StepProps) {
  const [search, setSearch] = useState('')
  const [asked] = useDebouncedValue(search.trim(), PAUSE_MS)
  const { data, error, refetch } = useQuery({
    queryKey: ['apis', 'choice', asked],
    queryFn: () =>
      read(
        api.GET('/api/v1/apis', { params: { query: { limit: String(MOST), ...(asked !== '' && { search: asked }) } } }),
      ),
    placeholderData: keepPreviousData,
  })
  if (error !== null && data === undefined) return <Failure error={error} onRetry={() => void refetch()} />
  if (data?.items.length === 0 && asked === '') return <Empty title={t.noApis}>{t.noApisLead}</Empty>
  const found = data?.items.map((one) => one.audience) ?? []
  // An API with chosen scopes stays in sight, whatever is searched for.
  const chosen = Object.keys(draft.scopes).filter((one) => (draft.scopes[one]?.length ?? 0) > 0 && !found.includes(one))
  return (
    <Stack gap="md">
      <TextInput
        aria-label={t.searchApis}
        placeholder={t.searchApis}
        leftSection={<Icon name="search" />}
        value={search}
        onChange={(event) => setSearch(event.currentTarget.value)}
      />
      {data === undefined && <Skeleton h="12rem" />}
      <div className={classes['matrix']}>
        {[...chosen, ...found].map((audience) => (
          <Scopes
            key={audience}
            audience={audience}
            name={data?.items.find((one) => one.audience === audience)?.name}
            chosen={draft.scopes[audience] ?? []}
            onChange={(next) => set({ scopes: { ...draft.scopes, [audience]: next } })}
          />
        ))}
        {data !== undefined && found.length === 0 && <p className={classes['quiet']}>{t.noFit}</p>}
      </div>
      <p className={classes['quiet']}>{data?.next === undefined ? t.noAccess : t.moreApis}</p>
    </Stack>
  )
}

interface ScopesProps {
  readonly audience: string
  readonly name: string | undefined
  readonly chosen: readonly string[]
  readonly onChange: (next: readonly string[]) => void
}

function Scopes({ audience, name, chosen, onChange }: ScopesProps) {
  const query = useQuery({
    queryKey: ['apis', 'scopes', audience],
    queryFn: () => read(api.GET('/api/v1/apis/{audience}/scopes', { params: { path: { audience } } })),
    staleTime: 60_000,
  })
  return (
    <fieldset className={classes['api']}>
      <legend>
        {name !== undefined && <b>{name}</b>} <code>{audience}</code>
      </legend>
      <Loaded query={query} height="1.5rem">
        {({ items }) => (
          <>
            {items.length === 0 && <span className={classes['quiet']}>{t.noScopes}</span>}
            <div className={classes['scopes']}>
              {items.map((scope) => (
                <Checkbox
                  key={scope.name}
                  label={scope.name}
                  description={scope.common === true ? t.common : scope.description}
                  checked={scope.common === true || chosen.includes(scope.name)}
                  disabled={scope.common === true}
                  onChange={({ currentTarget: { checked } }) =>
                    onChange(checked ? [...chosen, scope.name] : chosen.filter((one) => one !== scope.name))
                  }
                />
              ))}
            </div>
          </>
        )}
      </Loaded>
    </fieldset>
  )
}
