import { Button, Stack, Textarea } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { isMissing } from '../../api/problem.ts'
import { Empty } from '../../shared/empty.tsx'
import { Loaded } from '../../shared/loaded.tsx'
import { Section } from '../../shared/page.tsx'
import { decodeToken, looksSealed } from '../../shared/token.ts'
import { TokenView } from '../../shared/token-view.tsx'
import { Explained } from '../../shared/why/explained.tsx'
import { explanationQuery } from '../../shared/why/explanation.ts'
import { lab as t } from '../../texts/lab.ts'
import classes from './lab.module.css'
import { Verification } from './verification.tsx'

/** Explains a pasted token, or the request that an id names. */
export function ExplainPane() {
  const [typed, setTyped] = useState('')
  const [asked, setAsked] = useState('')
  return (
    <div className={classes['bench']}>
      <form
        className={classes['form']}
        onSubmit={(event) => {
          event.preventDefault()
          setAsked(typed.trim())
        }}
      >
        <Stack gap="md">
          <Textarea
            label={t.input}
            description={t.inputHint}
            rows={8}
            spellCheck={false}
            classNames={{ input: classes['mono'] ?? '' }}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
          <Button type="submit" disabled={typed.trim() === ''}>
            {t.explain}
          </Button>
        </Stack>
      </form>
      <section className={classes['outcome']} aria-live="polite">
        {asked === '' ? <Empty title={t.explain}>{t.explainLead}</Empty> : <Answer asked={asked} />}
      </section>
    </div>
  )
}

function Answer({ asked }: { readonly asked: string }) {
  const decoded = decodeToken(asked)
  if (decoded === undefined && looksSealed(asked))
    return (
      <TokenView token={asked}>
        <Verification token={asked} />
      </TokenView>
    )
  if (decoded === undefined) return <Origin request={asked} />
  const { jti } = decoded.claims
  return (
    <>
      <Section title={t.token}>
        <TokenView token={asked}>
          <Verification token={asked} />
        </TokenView>
      </Section>
      <Section title={t.origin}>{typeof jti === 'string' ? <Origin request={jti} /> : <p>{t.noId}</p>}</Section>
    </>
  )
}

/** How a request came to its result. */
function Origin({ request }: { readonly request: string }) {
  const query = useQuery(explanationQuery(request))
  if (isMissing(query.error)) return <Empty title={t.unrecorded}>{query.error.detail}</Empty>
  return (
    <Loaded query={query} height="12rem">
      {(events) =>
        // biome-ignore lint/suspicious/noArrayIndexKey: the events of a request keep their order
        events.map((one, index) => <Explained key={index} about={one} />)
      }
    </Loaded>
  )
}
