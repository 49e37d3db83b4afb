import { Skeleton } from '@mantine/core'
import type { Answer } from '../api/types.ts'
import { blastRadius as t } from '../texts/blast-radius.ts'
import classes from './blast-radius.module.css'
import { Failure } from './failure.tsx'
import { Instant } from './instant.tsx'
import { useNow } from './now.ts'
import { Status } from './status.tsx'

/** The part that the answers of all `…/effect` operations share. Members that an answer lacks are left out. */
type Effect = Omit<Answer<'credentials.effect'>, 'id' | 'is_last' | 'apis'> &
  Partial<Pick<Answer<'credentials.effect'>, 'apis'>>

interface Props {
  /** The answer of an `…/effect` operation; undefined while it is loading. */
  readonly effect: Effect | undefined
  readonly error?: unknown
  /** Whether there is time to follow, as with a secret that ends after its successor is there. */
  readonly isLater?: boolean
}

const WEEK_MS = 7 * 86_400_000
const SHOWN = 8

/**
 * Shows who would notice that something ends: uses in the last hour, day and week, from which addresses, for which
 * APIs, and until when tokens stay valid. It stands in every `DangerDialog`, above the consequences of the act itself:
 *
 *     const { data, error } = useQuery(effectQuery(id))
 *     <DangerDialog …><BlastRadius effect={data} error={error} /><p>{consequences}</p></DangerDialog>
 */
export function BlastRadius({ effect, error, isLater = false }: Props) {
  const now = useNow()
  if (effect === undefined) return error ? <Failure error={error} /> : <Skeleton h="8.5rem" />
  const { last_used: used, last_address: address, tokens_until: until, recent, apis = [] } = effect
  const addresses = (effect.addresses ?? []).map((one) => ({ value: one.address, count: one.requests }))
  const senders = addresses.length === 0 && address !== undefined ? [{ value: address }] : addresses
  const isBusy = (recent?.week.issued ?? 0) > 0 || (used !== undefined && now - Date.parse(used) < WEEK_MS)
  const isOver = until === undefined || Date.parse(until) <= now
  return (
    <section className={classes['radius']} data-busy={isBusy || undefined} aria-label={t.title}>
      <h3>{t.title}</h3>
      {isBusy ? (
        <Status kind="warn">{isLater ? t.busyLater : t.busy}</Status>
      ) : (
        <Status kind="good">{used === undefined && senders.length === 0 ? t.unused : t.idle}</Status>
      )}
      <dl>
        {recent !== undefined && (
          <>
            <dt>{t.used}</dt>
            <dd className={classes['spans']}>
              {(['hour', 'day', 'week'] as const).map((span) => (
                <span key={span}>
                  <b>{recent[span].issued.toLocaleString('en')}</b> {t.spans[span]}
                </span>
              ))}
            </dd>
          </>
        )}
        <dt>{t.lastUsed}</dt>
        <dd>
          <Instant at={used} never={t.never} />
        </dd>
        <Several title={t.from} values={senders} />
        <Several title={t.at} values={apis.map((one) => ({ value: one.audience, count: one.issued }))} />
        <dt>{t.until}</dt>
        <dd>
          {isOver ? (
            t.noTokens
          ) : (
            <>
              <Instant at={until} /> <span className={classes['hint']}>{t.untilHint}</span>
            </>
          )}
        </dd>
      </dl>
    </section>
  )
}

interface SeveralProps {
  readonly title: string
  /** Each may say how often it took part. */
  readonly values: readonly { readonly value: string; readonly count?: number }[]
}

function Several({ title, values }: SeveralProps) {
  if (values.length === 0) return null
  const more = values.length - SHOWN
  return (
    <>
      <dt>{title}</dt>
      <dd>
        <ul className={classes['list']}>
          {values.slice(0, SHOWN).map(({ value, count }) => (
            <li key={value}>
              {value} {count !== undefined && <span className={classes['hint']}>{t.times(count)}</span>}
            </li>
          ))}
          {more > 0 && <li className={classes['hint']}>{t.more(more)}</li>}
        </ul>
      </dd>
    </>
  )
}
