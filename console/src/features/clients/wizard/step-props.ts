import type { Draft } from './draft.ts'

export interface StepProps {
  readonly draft: Draft
  readonly set: (next: Partial<Draft>) => void
  /** The problem of a field that the server named. @param pointer a JSON pointer */
  readonly errorAt: (pointer: string) => string | undefined
  /** The issuer of this server. */
  readonly issuer: string
}
