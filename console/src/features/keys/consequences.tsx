import { type Fact, Facts } from '../../shared/facts.tsx'
import { Instant } from '../../shared/instant.tsx'
import type { Key } from '../../shared/keys.tsx'
import { Status } from '../../shared/status.tsx'
import { keys as t } from '../../texts/keys.ts'
import classes from './keys.module.css'

const fact = (name: string, value: React.ReactNode): Fact => [name, value]

const Name = ({ item: { kid, algorithm } }: { readonly item: Key }) => (
  <>
    {algorithm} <code>{kid}</code>
  </>
)

/** Says who would refuse tokens of a key that signs too early. */
function Lacking({ item }: { readonly item: Key }) {
  const lacking = item.not_fetched_by ?? []
  if (lacking.length === 0) return <Status kind="good">{t.lackingNone}</Status>
  return (
    <>
      <Status kind="warn">{t.lacking(lacking.length)}</Status>
      {lacking.slice(0, 10).map(({ address, user_agent: agent }) => (
        <div key={`${address} ${agent}`} className={classes['quiet']}>
          {address} {agent}
        </div>
      ))}
    </>
  )
}

interface OfAlgorithm {
  readonly keys: readonly Key[]
  readonly algorithm: string
}

const inState = ({ keys, algorithm }: OfAlgorithm, state: Key['state']) =>
  keys.filter((key) => key.algorithm === algorithm && key.state === state)

export function RotateFacts(all: OfAlgorithm) {
  const [next] = inState(all, 'pending')
  if (next === undefined) return <p style={{ margin: 0 }}>{t.rotateNew}</p>
  return (
    <Facts
      facts={[
        fact(t.key, <Name item={next} />),
        fact(t.rotateNext, <Instant at={next.active_at} />),
        fact(t.fetched, <Lacking item={next} />),
      ]}
    />
  )
}

export function RollBackFacts(all: OfAlgorithm) {
  const [active] = inState(all, 'active')
  const [previous] = inState(all, 'retiring').toSorted((one, other) =>
    (other.active_at ?? '').localeCompare(one.active_at ?? ''),
  )
  return (
    <Facts
      facts={[
        fact(t.rollBackTo, previous && <Name item={previous} />),
        fact(t.rollBackFrom, active && <Name item={active} />),
      ]}
    />
  )
}

export function RevokeFacts({ keys, kid }: { readonly keys: readonly Key[]; readonly kid: string }) {
  const key = keys.find((one) => one.kid === kid)
  if (key === undefined) return null
  const [next] = inState({ keys, algorithm: key.algorithm ?? '' }, 'pending')
  const hasSigned = key.state === 'active' || key.state === 'retiring'
  return (
    <Facts
      facts={[
        fact(t.key, <Name item={key} />),
        fact(t.revokeSigned, hasSigned ? <Instant at={key.active_at} /> : t.revokeNever),
        ...(key.gone_at === undefined ? [] : [fact(t.revokeUntil, <Instant at={key.gone_at} />)]),
        ...(key.state === 'active' && next !== undefined && next.kid !== kid
          ? [fact(t.fetched, <Lacking item={next} />)]
          : []),
      ]}
    />
  )
}
