import { proof as texts } from '../../../texts/proof.ts'
import { wizard as t } from '../../../texts/wizard.ts'
import { Choices } from '../proof/choices.tsx'
import { platformOf, proofsOf } from '../proof/platforms.ts'
import { ProofFields } from '../proof/proof-fields.tsx'
import type { StepProps } from './step-props.ts'

/** How the client proves who it is. The proof without a secret comes first, where the platform has one. */
export function ProofStep({ draft: { platform, proof }, set }: StepProps) {
  if (platform === undefined || proof === undefined) return null
  const place = platformOf(platform)
  return (
    <Choices
      legend={t.proofQuestion}
      choices={proofsOf(place).map((kind) => ({
        value: kind,
        name: texts.names[kind],
        about: texts.about[kind],
        mark: kind === place.best ? texts.recommended : undefined,
      }))}
      value={proof.kind}
      onChange={(kind) => set({ proof: { ...proof, kind } })}
    >
      <ProofFields draft={proof} platform={platform} onChange={(next) => set({ proof: next })} />
    </Choices>
  )
}
