import type { Answer } from '../../api/types.ts'
import { Code } from '../../shared/code.tsx'
import { Section } from '../../shared/page.tsx'
import { Status } from '../../shared/status.tsx'
import { TokenView } from '../../shared/token-view.tsx'
import { Explained } from '../../shared/why/explained.tsx'
import { lab as t } from '../../texts/lab.ts'
import { Verification } from './verification.tsx'

type Trial = Answer<'lab.token-requests'>

/** The request and its answer as they went over the wire, the token in parts, and why. */
export function Outcome({ of: { request, response, explanation } }: { readonly of: Trial }) {
  const token = tokenIn(response.body)
  const isGood = response.status < 300
  return (
    <>
      <Section title={t.sent} lead={t.masked}>
        <Code of={t.request} wraps>
          {requestText(request)}
        </Code>
      </Section>
      <Section title={t.answered} actions={<Status kind={isGood ? 'good' : 'bad'}>{String(response.status)}</Status>}>
        <Code of={t.answer} wraps>
          {responseText(response)}
        </Code>
      </Section>
      {token !== undefined && (
        <Section title={t.token}>
          <TokenView token={token}>
            <Verification token={token} />
          </TokenView>
        </Section>
      )}
      <Section title={t.why}>
        {explanation === undefined ? <p>{t.unexplained}</p> : <Explained about={explanation} />}
      </Section>
    </>
  )
}

const linesOf = (headers: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(headers).map(([name, value]) => `${name}: ${value}`)

function requestText({ method, url, headers, body }: Trial['request']): string {
  const { host, pathname } = new URL(url)
  return [`${method} ${pathname} HTTP/1.1`, `Host: ${host}`, ...linesOf(headers), '', body].join('\n')
}

const responseText = ({ status, headers, body }: Trial['response']): string =>
  [`HTTP/1.1 ${status}`, ...linesOf(headers), '', pretty(body)].join('\n')

function pretty(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2)
  } catch {
    return body
  }
}

function tokenIn(body: string): string | undefined {
  try {
    const { access_token: token } = Object(JSON.parse(body)) as { readonly access_token?: unknown }
    return typeof token === 'string' ? token : undefined
  } catch {
    return undefined
  }
}
