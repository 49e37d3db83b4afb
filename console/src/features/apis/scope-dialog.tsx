import { Button, Group, Modal, MultiSelect, Stack, Switch, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, ifUnchanged, read, type Tagged } from '../../api/client.ts'
import { isStale, type Problem } from '../../api/problem.ts'
import { useDialog } from '../../shared/dialog.ts'
import { Failure } from '../../shared/failure.tsx'
import { StaleDialog } from '../../shared/stale-dialog.tsx'
import { say } from '../../shared/toast.ts'
import { apis as t } from '../../texts/apis.ts'
import { common } from '../../texts/common.ts'
import type { Api } from './queries.ts'

interface Props {
  readonly tagged: Tagged<Api>
}

/** Adds a scope, or changes one. */
export function ScopeDialog({ tagged }: Props) {
  const { isOpen, about, close } = useDialog('scope')
  return (
    <Modal opened={isOpen} onClose={close} title={about === '' ? t.addScope : t.editScope(about)}>
      {isOpen && <Content tagged={tagged} name={about} onClose={close} />}
    </Modal>
  )
}

type Scope = Api['scopes'][number]

function Content({ tagged, name, onClose }: Props & { readonly name: string; onClose: () => void }) {
  const queries = useQueryClient()
  // The state from which the person began.
  const [{ data, etag }] = useState(tagged)
  const before = data.scopes.find((one) => one.name === name)
  const base: Scope = before ?? { name }
  const [scope, setScope] = useState(base)
  const { audience } = data
  const saved = useMutation({
    mutationFn: ({ tag, next }: { readonly tag: string; readonly next: Scope }) => {
      const { name: scopeName, ...body } = next
      return read(
        api.PUT('/api/v1/apis/{audience}/scopes/{scope}', {
          params: { path: { audience, scope: scopeName.trim() } },
          body,
          ...ifUnchanged(tag),
        }),
      )
    },
    onSuccess: () => {
      onClose()
      say(t.saved(scope.name))
    },
    onError: (error) => {
      // The tag is that of the API. Nothing collides if this scope is as it was.
      if (isStale(error) && isSame(scopeIn(error, scope.name), before))
        saved.mutate({ tag: error.etag ?? '', next: scope })
    },
  })
  const stale = isStale(saved.error) ? saved.error : undefined
  const theirs = stale && scopeIn(stale, scope.name)
  const isConflict = stale !== undefined && !isSame(theirs, before)
  const flag = (field: 'common' | 'on_request' | 'wildcard', label: string) => (
    <Switch
      label={label}
      checked={scope[field] === true}
      onChange={(event) => setScope({ ...scope, [field]: event.currentTarget.checked || undefined })}
    />
  )
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        saved.mutate({ tag: etag, next: scope })
      }}
    >
      <Stack gap="md">
        <TextInput
          label={t.scope}
          description={t.scopeNameHint}
          value={scope.name}
          disabled={name !== ''}
          required
          data-autofocus
          onChange={(event) => setScope({ ...scope, name: event.currentTarget.value })}
        />
        <TextInput
          label={t.description}
          value={scope.description ?? ''}
          onChange={(event) => setScope({ ...scope, description: event.currentTarget.value || undefined })}
        />
        {flag('common', t.commonLabel)}
        {flag('on_request', t.onRequestLabel)}
        {scope.name.includes('*') && flag('wildcard', t.wildcardLabel)}
        <MultiSelect
          label={t.includesLabel}
          description={t.includesHint}
          data={data.scopes.map((one) => one.name).filter((one) => one !== scope.name)}
          value={scope.includes ?? []}
          onChange={(includes) => setScope({ ...scope, includes: includes.length === 0 ? undefined : includes })}
        />
        {saved.error !== null && stale === undefined && <Failure error={saved.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {common.cancel}
          </Button>
          <Button type="submit" loading={saved.isPending}>
            {common.save}
          </Button>
        </Group>
      </Stack>
      <StaleDialog
        problem={isConflict ? { present: theirs, etag: stale.etag } : undefined}
        base={base}
        mine={changesOf(base, scope)}
        onClose={saved.reset}
        onKeepMine={(tag) =>
          saved.mutate({ tag, next: { ...(theirs ?? base), ...changesOf(base, scope), name: scope.name } })
        }
        onTakeTheirs={() => {
          onClose()
          void queries.invalidateQueries({ queryKey: ['apis'] })
        }}
      />
    </form>
  )
}

/** The scope as somebody else left it; undefined if it is gone. */
const scopeIn = ({ present }: Problem, name: string): Scope | undefined =>
  (Object(present) as Partial<Api>).scopes?.find((one) => one.name === name)

/** The fields that this person changed. One that was taken out is undefined. */
function changesOf(base: Scope, scope: Scope): Partial<Scope> {
  const names = Object.keys({ ...base, ...scope }) as (keyof Scope)[]
  return Object.fromEntries(names.filter((one) => !isSame(base[one], scope[one])).map((one) => [one, scope[one]]))
}

const isSame = (one: unknown, other: unknown): boolean => sorted(one) === sorted(other)

const sorted = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )
