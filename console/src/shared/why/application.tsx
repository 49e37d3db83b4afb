import { Alert, Button, Group, Loader, Stack } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { isStale } from '../../api/problem.ts'
import { common } from '../../texts/common.ts'
import { why as t } from '../../texts/why.ts'
import { BlastRadius } from '../blast-radius.tsx'
import { Failure } from '../failure.tsx'
import { Applied } from './applied.tsx'
import { effectOf, type Present, presentFor, run } from './calls.ts'
import type { Action, Explanation } from './explanation.ts'
import { operations } from './operations.ts'
import classes from './why.module.css'

interface Props {
  readonly action: Action
  readonly about: Explanation
  readonly onClose: () => void
}

/** Shows what a remedy changes and ends, applies it, and says what happened. */
export function Application({ action, about, onClose }: Props) {
  const { isConditional = false, ends = false } = operations[action.operation] ?? {}
  const isOfCredential = ends && action.path?.['credential'] !== undefined
  const present = useQuery({
    queryKey: ['remedy', 'present', action.operation, action.path],
    queryFn: () => presentFor(action),
    enabled: isConditional,
    // The person decides on the values that are shown. They change only after a refusal has told of newer ones.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  })
  const effect = useQuery({
    queryKey: ['remedy', 'effect', action.path],
    queryFn: () => effectOf(action),
    enabled: isOfCredential,
    gcTime: 0,
  })
  const applied = useMutation({
    mutationFn: () => run(action, isConditional ? present.data : undefined, t.because(about.request_id)),
    onError: (error) => (isStale(error) ? present.refetch() : undefined),
  })
  if (applied.isSuccess) return <Applied action={action} answer={Object(applied.data)} about={about} />
  if (present.error !== null) return <Failure error={present.error} onRetry={() => void present.refetch()} />
  if (isConditional && present.data === undefined) return <Loader size="sm" aria-label={common.loading} />
  const isAlready =
    isConditional && wanted(action).every(([name, value]) => shown(present.data?.values[name]) === shown(value))
  return (
    <Stack className={classes['application']} data-ends={ends || undefined} gap="sm">
      <h4>{ends ? t.ends : isAlready ? t.alreadyTitle : t.consequences}</h4>
      {isOfCredential && (
        <BlastRadius effect={effect.data} error={effect.error} isLater={action.operation === 'credentials.rotate'} />
      )}
      <p>{isAlready ? t.already : t.consequence[action.operation]}</p>
      <Changes action={action} present={present.data} />
      {isStale(applied.error) ? (
        <Alert color="ochre" role="alert">
          {t.stale}
        </Alert>
      ) : (
        applied.error !== null && <Failure error={applied.error} />
      )}
      <Group gap="sm" justify="flex-end">
        <Button size="xs" variant="default" onClick={onClose}>
          {common.cancel}
        </Button>
        <Button
          size="xs"
          color={ends ? 'brick' : 'tile'}
          loading={applied.isPending || present.isFetching}
          disabled={isAlready || (isOfCredential && effect.isPending)}
          data-autofocus
          onClick={() => applied.mutate()}
        >
          {t.applyNow}
        </Button>
      </Group>
    </Stack>
  )
}

interface ChangesProps {
  readonly action: Action
  readonly present: Present | undefined
}

/** The thing that changes, and each value: as it is, and as it will be. */
const Changes = ({ action, present }: ChangesProps) => (
  <dl className={classes['changes']}>
    {Object.entries(action.path ?? {}).map(([name, value]) => (
      <div key={name}>
        <dt>{t.fields[name] ?? name}</dt>
        <dd>{value}</dd>
      </div>
    ))}
    {wanted(action).map(([name, value]) => {
      const before = shown(present?.values[name])
      const after = shown(value)
      return after === '' && before === '' ? null : (
        <div key={name}>
          <dt>{t.fields[name] ?? name.replaceAll('_', ' ')}</dt>
          <dd>
            {before !== after && before !== '' && (
              <>
                <del>{before}</del>{' '}
              </>
            )}
            {before === after ? after : <ins>{after === '' ? t.none : after}</ins>}
          </dd>
        </div>
      )
    })}
  </dl>
)

/** The values that the change sets. */
const wanted = ({ body }: Action) => Object.entries(Object(body) as Readonly<Record<string, unknown>>)

/** A value in words; empty for none. */
function shown(value: unknown): string {
  if (value === undefined || value === null) return ''
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value.join(', ')
  return typeof value === 'string' ? value : JSON.stringify(value)
}
