import type { Credential } from '../../model/credentials/credential.ts'
import type { Clock } from '../../platform/clock.ts'
import { hasControl, hasTurning } from '../../platform/text.ts'
import { UserError } from '../../platform/user-error.ts'

const LONGEST_LABEL = 128

/** Checks a label by the same rule as in a manifest. @throws UserError */
export function checkLabel(label: string): string {
  if (label !== '' && label.length <= LONGEST_LABEL && !hasControl(label) && !hasTurning(label)) return label
  throw new UserError(`a label has 1 to ${LONGEST_LABEL} characters, none of which controls or turns text`)
}

/** The label of a successor: today's date replaces the date of an earlier rotation. */
export function nextLabel({ label, kind }: Credential, clock: Clock): string {
  const base = label.replace(/, \d{4}-\d\d-\d\d( \(\d+\))?$/, '') || kind
  return `${base.slice(0, LONGEST_LABEL - 20)}, ${today(clock)}`
}

/** The date of a new credential without a label of its own. */
export const today = (clock: Clock): string => new Date(clock.now()).toISOString().slice(0, 10)
