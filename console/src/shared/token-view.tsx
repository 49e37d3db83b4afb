import { Stack } from '@mantine/core'
import { token as t } from '../texts/token.ts'
import { Copy } from './copy.tsx'
import { Instant } from './instant.tsx'
import { type DecodedToken, decodeToken, looksSealed } from './token.ts'
import classes from './token-view.module.css'

interface Props {
  /** In compact form. */
  readonly token: string
  /** Shown between the token and its content, such as the result of a verification. */
  readonly children?: React.ReactNode
}

/** A token in parts, each explained. Nothing of it leaves the page. */
export function TokenView({ token, children }: Props) {
  const decoded = decodeToken(token)
  return (
    <Stack gap="lg">
      <RawToken token={token} isJwt={decoded !== undefined} />
      {children}
      {decoded === undefined ? (
        <p className={classes['note']}>{looksSealed(token) ? t.sealed : t.malformed}</p>
      ) : (
        <TokenParts decoded={decoded} />
      )}
    </Stack>
  )
}

const PARTS = ['header', 'claims', 'signature'] as const

/** The token as it is sent. The parts of a JWT are told apart by their colour. */
const RawToken = ({ token, isJwt }: { readonly token: string; readonly isJwt: boolean }) => (
  <div className={classes['raw']}>
    {/* biome-ignore lint/a11y/noNoninteractiveTabindex: so that the keyboard can scroll it */}
    <section tabIndex={0} aria-label={t.whole}>
      <pre>
        {isJwt
          ? token.split('.').map((part, index) => (
              <span key={PARTS[index]} data-part={PARTS[index]}>
                {index > 0 && '.'}
                {part}
              </span>
            ))
          : token}
      </pre>
    </section>
    <Copy value={token} of={t.token} />
  </div>
)

/** Header and claims, with their meaning. */
export const TokenParts = ({ decoded: { header, claims } }: { readonly decoded: DecodedToken }) => (
  <>
    <Part title={t.claims} entries={claims} part="claims" />
    <Part title={t.header} entries={header} part="header" />
  </>
)

interface PartProps {
  readonly title: string
  readonly part: (typeof PARTS)[number]
  readonly entries: Readonly<Record<string, unknown>>
}

const Part = ({ title, part, entries }: PartProps) => (
  <table className={classes['part']}>
    <caption data-part={part}>{title}</caption>
    <thead>
      <tr>
        <th scope="col">{t.name}</th>
        <th scope="col">{t.value}</th>
        <th scope="col">{t.meaning}</th>
      </tr>
    </thead>
    <tbody>
      {Object.entries(entries).map(([name, value]) => (
        <tr key={name}>
          <th scope="row">
            <code>{name}</code>
          </th>
          <td>
            <Value name={name} value={value} />
          </td>
          <td>{Object.hasOwn(t.names, name) ? t.names[name] : t.own}</td>
        </tr>
      ))}
    </tbody>
  </table>
)

const TIMES: ReadonlySet<string> = new Set(['exp', 'iat', 'nbf', 'auth_time'])
/** The largest number of seconds that a date can have. */
const LAST_SECOND = 8_640_000_000_000

function Value({ name, value }: { readonly name: string; readonly value: unknown }) {
  if (TIMES.has(name) && typeof value === 'number' && Math.abs(value) < LAST_SECOND) {
    return (
      <>
        <code>{value}</code> <Instant at={new Date(value * 1_000).toISOString()} />
      </>
    )
  }
  return <code>{typeof value === 'string' ? value : JSON.stringify(value)}</code>
}
