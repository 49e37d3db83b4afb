import { Alert, Stack } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, ifUnchanged, readTagged, type Tagged } from '../../../api/client.ts'
import { useMay } from '../../../api/me.ts'
import { isStale, Problem } from '../../../api/problem.ts'
import type { Answer } from '../../../api/types.ts'
import { Failure } from '../../../shared/failure.tsx'
import { useNewer } from '../../../shared/newer.ts'
import { StaleDialog } from '../../../shared/stale-dialog.tsx'
import { say } from '../../../shared/toast.ts'
import { UnsavedBar } from '../../../shared/unsaved-bar.tsx'
import { clientSettings as t } from '../../../texts/client-settings.ts'
import { clientQuery, ownersQuery } from '../queries.ts'
import { FieldInput } from './field-input.tsx'
import { fieldGroups } from './fields.ts'
import { Ownership } from './ownership.tsx'
import classes from './settings.module.css'
import { changedFields, fieldAt, isObjectText, patchOf, type Values, valuesOf } from './values.ts'

type Client = Answer<'clients.show'>

/** The settings of a client. Only what differs is sent, on the state that was read. */
export function SettingsTab({ clientId }: { readonly clientId: string }) {
  const { data } = useQuery(clientQuery(clientId))
  return data === undefined ? null : <SettingsForm tagged={data} />
}

const jsonRule = (text: string) => (isObjectText(text) ? null : t.notJson)

function SettingsForm({ tagged }: { readonly tagged: Tagged<Client> }) {
  const queries = useQueryClient()
  const may = useMay()
  // The state from which the person began.
  const [base, setBase] = useState(tagged)
  const [isTakingOver, setTakingOver] = useState(false)
  const form = useForm<Values>({
    mode: 'controlled',
    initialValues: valuesOf(base.data),
    validate: { metadata: jsonRule, claims: jsonRule },
  })
  const before = valuesOf(base.data)
  const changed = changedFields(before, form.values)
  const begin = (next: Tagged<Client>) => {
    setBase(next)
    form.setValues(valuesOf(next.data))
    form.clearErrors()
  }
  useNewer(tagged, base, changed.length > 0, begin)

  const { client_id: id, owner, status } = base.data
  const save = useMutation({
    mutationFn: (etag: string) =>
      readTagged(
        api.PATCH('/api/v1/clients/{client_id}', {
          params: { path: { client_id: id }, ...(isTakingOver && { query: { take_over: 'true' } }) },
          body: patchOf(before, form.values),
          ...ifUnchanged(etag),
        }),
      ),
    onSuccess: (next) => {
      begin(next)
      setTakingOver(false)
      say(t.saved)
    },
    onError: (error) => {
      if (!(error instanceof Problem)) return
      for (const { pointer = '', detail } of error.errors) {
        const field = fieldAt(pointer, form.values)
        if (field !== undefined) form.setFieldError(field, detail)
      }
    },
  })
  const { data: owners = [] } = useQuery({ ...ownersQuery, enabled: may('groups:read') })
  const isAllowed = may('clients:write', { owner })
  const isReadOnly = !isAllowed || (status.manifest !== undefined && !isTakingOver)
  const stale = isStale(save.error) ? save.error : undefined
  return (
    <form onSubmit={form.onSubmit(() => save.mutate(base.etag))} className={classes['form']} noValidate>
      {!isAllowed && <Alert color="gray">{t.readOnly}</Alert>}
      {isAllowed && status.manifest !== undefined && (
        <Ownership
          clientId={id}
          manifest={status.manifest}
          isTakingOver={isTakingOver}
          onTakeOver={() => setTakingOver(true)}
        />
      )}
      {fieldGroups.map((group) => (
        <section key={group.id} className={classes['group']} aria-labelledby={`settings-${group.id}`}>
          <header>
            <h2 id={`settings-${group.id}`}>{t.groups[group.id][0]}</h2>
            <p>{t.groups[group.id][1]}</p>
          </header>
          <Stack gap="md">
            {group.fields.map((field) => (
              <FieldInput key={field.name} field={field} form={form} owners={owners} isReadOnly={isReadOnly} />
            ))}
          </Stack>
        </section>
      ))}
      {save.error !== null && stale === undefined && <Failure error={save.error} />}
      <UnsavedBar count={changed.length} isBusy={save.isPending} onDiscard={() => begin(tagged)} />
      <StaleDialog
        problem={stale}
        mine={stale === undefined ? {} : patchOf(before, form.values)}
        base={base.data}
        onTakeTheirs={async () => {
          save.reset()
          begin(await queries.fetchQuery({ ...clientQuery(id), staleTime: 0 }))
        }}
        onKeepMine={(etag) => save.mutate(etag)}
        onClose={save.reset}
      />
    </form>
  )
}
