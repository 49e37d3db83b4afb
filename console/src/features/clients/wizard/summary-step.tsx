import { Button } from '@mantine/core'
import { platforms } from '../../../texts/platforms.ts'
import { wizard as t } from '../../../texts/wizard.ts'
import { lives } from '../proof/draft.ts'
import { ExactDate } from '../proof/exact-date.tsx'
import { platformOf } from '../proof/platforms.ts'
import { type Draft, grantsOf } from './draft.ts'
import type { Step } from './steps.ts'
import classes from './wizard.module.css'

interface Props {
  readonly draft: Draft
  readonly onChange: (step: Step) => void
}

/** The client in words, before it is made. */
export function SummaryStep({ draft, onChange }: Props) {
  const grants = grantsOf(draft)
  const parts: readonly [Step, readonly React.ReactNode[]][] = [
    [
      'runs',
      [
        t.sums.runs(draft.id.trim(), draft.platform === undefined ? '' : platforms.names[draft.platform]),
        draft.owner.trim() === '' ? t.sums.noOwner : t.sums.owner(draft.owner.trim()),
      ],
    ],
    [
      'access',
      grants.length === 0 ? [t.sums.noScope] : grants.map(({ api, scopes }) => t.sums.scope(scopes.join(', '), api)),
    ],
    ['proof', proofWords(draft)],
  ]
  return (
    <dl className={classes['summary']}>
      {parts.map(([step, sentences]) => (
        <div key={step}>
          <dt>{t.steps[step]}</dt>
          <dd>
            {sentences.map((sentence, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the sentences never change places
              <p key={index}>{sentence}</p>
            ))}
          </dd>
          <dd>
            <Button
              variant="subtle"
              size="compact-sm"
              aria-label={t.change(t.steps[step])}
              onClick={() => onChange(step)}
            >
              {t.changeWord}
            </Button>
          </dd>
        </div>
      ))}
    </dl>
  )
}

function proofWords({ proof, platform }: Draft): readonly React.ReactNode[] {
  if (proof === undefined || platform === undefined) return []
  if (proof.kind === 'keys') return [t.sums.keys]
  if (proof.kind === 'certificate') return [t.sums.certificate(proof.certificateValue)]
  if (proof.kind === 'secret')
    return [t.sums.secret, <ExactDate key="end" days={lives.find((one) => one.value === proof.life)?.days} />]
  return [t.sums.federated(platformOf(platform).identity?.subject(proof.parts) ?? '', proof.issuer)]
}
