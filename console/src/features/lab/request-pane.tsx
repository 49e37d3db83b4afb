import { useMutation } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { api, read } from '../../api/client.ts'
import type { Input } from '../../api/types.ts'
import { Empty } from '../../shared/empty.tsx'
import { Failure } from '../../shared/failure.tsx'
import { lab as t } from '../../texts/lab.ts'
import classes from './lab.module.css'
import type { LabSearch } from './lab-search.ts'
import { Outcome } from './outcome.tsx'
import { RequestForm, type Secrets } from './request-form.tsx'

const route = getRouteApi('/lab')

/** A request on one side, and what came of it on the other. */
export function RequestPane() {
  const built = route.useSearch()
  const [secrets, setSecrets] = useState<Secrets>({ secret: '', assertion: '', dpop: '' })
  const sent = useMutation({
    mutationFn: () => read(api.POST('/api/v1/lab/token-requests', { body: bodyOf(built, secrets) })),
  })
  return (
    <div className={classes['bench']}>
      <RequestForm
        built={built}
        secrets={secrets}
        onSecrets={setSecrets}
        isBusy={sent.isPending}
        onSend={() => sent.mutate()}
      />
      <section className={classes['outcome']} aria-live="polite" aria-busy={sent.isPending}>
        {sent.error !== null ? (
          <Failure error={sent.error} />
        ) : sent.data === undefined ? (
          <Empty title={t.waiting}>{t.waitingLead}</Empty>
        ) : (
          <Outcome of={sent.data} />
        )}
      </section>
    </div>
  )
}

/** The body of the trial. A part that is empty is left out of the request. */
function bodyOf(
  { client, method = 'client_secret_basic', scope, resource = [], more = [] }: LabSearch,
  { secret, assertion, dpop }: Secrets,
): Input<'lab.token-requests'> {
  const other = more.map((line): [string, string] => {
    const [name = '', ...value] = line.split('=')
    return [name.trim(), value.join('=')]
  })
  return {
    method,
    ...(client !== undefined && { client_id: client }),
    ...(/_(basic|post)$/.test(method) && secret !== '' && { client_secret: secret }),
    ...(method.endsWith('_jwt') && assertion !== '' && { client_assertion: assertion.trim() }),
    ...(dpop !== '' && { dpop: dpop.trim() }),
    ...(scope !== undefined && { scope }),
    resource: [...resource],
    audience: [],
    other: Object.fromEntries(other),
  }
}
