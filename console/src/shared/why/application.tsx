import { Button, Group, Loader, Stack } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { common } from '../../texts/common.ts'
import { why as t } from '../../texts/why.ts'
import { Code } from '../code.tsx'
import { Failure } from '../failure.tsx'
import { Instant } from '../instant.tsx'
import { Status } from '../status.tsx'
import { type Call, callOf, effectOf, openApiQuery, run } from './action.ts'
import type { Action, Explanation } from './explanation.ts'
import classes from './why.module.css'

interface Props {
  readonly action: Action
  readonly about: Explanation
  readonly onClose: () => void
}

/** Shows what a remedy changes, applies it, and offers to try the request again. */
export function Application({ action, about, onClose }: Props) {
  const described = useQuery(openApiQuery)
  const call = described.data && callOf(described.data, action)
  if (described.error !== null) return <Failure error={described.error} onRetry={() => void described.refetch()} />
  if (call === undefined) return <Loader size="sm" aria-label={common.loading} />
  return <Ready call={call} about={about} onClose={onClose} />
}

function Ready({ call, about, onClose }: Omit<Props, 'action'> & { readonly call: Call }) {
  const queries = useQueryClient()
  const effect = useQuery({
    queryKey: ['effect', call.effectPath],
    queryFn: () => effectOf(call.effectPath ?? ''),
    enabled: call.effectPath !== undefined,
  })
  const applied = useMutation({
    mutationFn: () => run(call, `${t.remedies}: ${about.request_id}`),
    // The explanation stays as it was read: it is about the request of its time.
    onSuccess: () => queries.invalidateQueries({ predicate: ({ queryKey: [kind] }) => kind !== 'explanations' }),
  })
  if (applied.isSuccess) return <Applied answer={Object(applied.data)} about={about} />
  const isEnding = call.effectPath !== undefined
  return (
    <Stack className={classes['application']} gap="sm">
      <h4>{isEnding ? t.ends : t.consequences}</h4>
      <p>{call.summary}.</p>
      <Changes action={call.action} />
      {effect.data !== undefined && <Effect of={effect.data} />}
      {effect.error !== null && <Failure error={effect.error} />}
      {applied.error !== null && <Failure error={applied.error} />}
      <Group gap="sm" justify="flex-end">
        <Button size="xs" variant="default" onClick={onClose}>
          {common.cancel}
        </Button>
        <Button
          size="xs"
          color={isEnding ? 'brick' : 'tile'}
          loading={applied.isPending}
          disabled={isEnding && effect.data === undefined}
          onClick={() => applied.mutate()}
        >
          {t.applyNow}
        </Button>
      </Group>
    </Stack>
  )
}

/** The things that the change names, and the values that they get. */
const Changes = ({ action: { path = {}, body } }: { readonly action: Action }) => (
  <dl className={classes['changes']}>
    {Object.entries({ ...path, ...Object(body) }).map(([name, value]) => (
      <div key={name}>
        <dt>{name.replaceAll('_', ' ')}</dt>
        <dd>{typeof value === 'string' ? value : JSON.stringify(value)}</dd>
      </div>
    ))}
  </dl>
)

function Effect({ of }: { readonly of: Readonly<Record<string, unknown>> }) {
  const { tokens_until: until, last_used: used, clients } = of
  const { count, is_more: isMore } = Object(clients) as { readonly count?: number; readonly is_more?: boolean }
  return (
    <ul className={classes['effect']}>
      {count !== undefined && <li>{t.concerns(count, isMore === true)}.</li>}
      {typeof used === 'string' && (
        <li>
          {t.lastUsed} <Instant at={used} />.
        </li>
      )}
      {typeof until === 'string' && (
        <li>
          {t.tokensUntil} <Instant at={until} />.
        </li>
      )}
    </ul>
  )
}

function Applied({ answer, about }: { readonly answer: { readonly secret?: unknown }; readonly about: Explanation }) {
  const { requested_scopes: scope } = about.detail ?? {}
  return (
    <Stack className={classes['application']} gap="sm" role="status">
      <Status kind="good">{t.applied}</Status>
      {typeof answer.secret === 'string' && (
        <>
          <p>{t.secretOnce}</p>
          <Code of={t.secret} wraps>
            {answer.secret}
          </Code>
        </>
      )}
      {about.client_id !== undefined && (
        <Link to="/lab" search={{ client: about.client_id, scope: Array.isArray(scope) ? scope.join(' ') : undefined }}>
          {t.again}
        </Link>
      )}
    </Stack>
  )
}
