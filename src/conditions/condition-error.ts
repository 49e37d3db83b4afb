import { UserError } from '../platform/user-error.ts'

/** A condition that cannot be used: what is wrong, and where. */
export class ConditionError extends UserError {
  override readonly name = 'ConditionError'
  /** Of the first character that is wrong, from 0, in UTF-16 units. */
  readonly position: number

  constructor(message: string, position: number) {
    super(`${message} (at character ${position + 1} of the condition)`)
    this.position = position
  }
}
