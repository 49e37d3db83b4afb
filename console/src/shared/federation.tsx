import type { Answer } from '../api/types.ts'
import { federation as t } from '../texts/federation.ts'
import classes from './federation.module.css'
import { Section } from './page.tsx'
import { Status } from './status.tsx'
import { Checks } from './why/checks.tsx'

/** Says which credential a platform's token matches, and how it differs from each of the others. */
export const Comparison = ({ of }: { readonly of: Answer<'lab.federation'> }) => (
  <>
    <div>
      <Status kind={of.match === undefined ? 'bad' : 'good'}>
        {of.match === undefined ? t.matchesNone : t.matches(of.match.client_id, of.match.credential)}
      </Status>
      {of.refusal !== undefined && <p>{of.refusal.meaning}</p>}
    </div>
    <Section title={t.candidates}>
      {of.credentials.length === 0 && <p>{t.noCandidates}</p>}
      {of.credentials.map((one) => (
        <article key={`${one.client_id} ${one.credential}`}>
          <h3 className={classes['candidate']}>
            {one.client_id}, {one.credential}
            <Status kind={one.matched ? 'good' : 'bad'}>
              {one.matched ? t.matched : one.ended === undefined ? t.differs : t.ended[one.ended]}
            </Status>
          </h3>
          <Checks
            of={[
              ...(one.signature === undefined
                ? []
                : [
                    {
                      check: t.signature,
                      passed: one.signature === 'good',
                      expected: t.good,
                      received: one.signature,
                    },
                  ]),
              ...one.checks,
            ]}
          />
        </article>
      ))}
      {of.is_more && <p>{t.moreCredentials}</p>}
    </Section>
  </>
)
