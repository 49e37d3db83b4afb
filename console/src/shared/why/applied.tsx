import { Stack } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { why as t } from '../../texts/why.ts'
import { addressesQuery } from '../addresses.ts'
import { Instant } from '../instant.tsx'
import { SecretOnce } from '../secret-once.tsx'
import { Status } from '../status.tsx'
import type { Action, Explanation } from './explanation.ts'
import classes from './why.module.css'

interface Props {
  readonly action: Action
  /** The members of the answer that are told. */
  readonly answer: { readonly secret?: unknown; readonly label?: unknown; readonly old?: { readonly expires?: string } }
  readonly about: Explanation
}

/** Says what happened, and offers to try the request again. */
export function Applied({ action, answer: { secret, label, old }, about }: Props) {
  const [isKept, setKept] = useState(false)
  const { data: addresses } = useQuery(addressesQuery)
  const { refused } = about.detail ?? {}
  const { client_id: client = '', audience = '' } = action.path ?? {}
  const { scopes } = Object(action.body) as { readonly scopes?: readonly string[] }
  const facts = { client, audience, scopes: scopes?.join(', ') ?? '', label: typeof label === 'string' ? label : '' }
  const search = {
    client: about.client_id,
    scope: Array.isArray(refused) ? refused.join(' ') : undefined,
    resource: audience === '' ? undefined : [audience],
  }
  return (
    <Stack className={classes['application']} gap="sm" role="status">
      <Status kind="good">{t.happened[action.operation]?.(facts) ?? t.applied}</Status>
      {typeof secret === 'string' && !isKept && (
        <SecretOnce
          clientId={client}
          tokenUrl={addresses?.tokenUrl ?? ''}
          secret={secret}
          onKept={() => setKept(true)}
        />
      )}
      {old?.expires !== undefined && (
        <p>
          {t.oldEnds} <Instant at={old.expires} />.
        </p>
      )}
      {about.type === 'token.issue' && about.client_id !== undefined && (
        <Link to="/lab" search={search}>
          {t.again}
        </Link>
      )}
    </Stack>
  )
}
