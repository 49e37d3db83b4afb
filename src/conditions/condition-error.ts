import { UserError } from '../platform/user-error.ts'

/** A condition can't be used. The message gives the fault and its place. */
export class ConditionError extends UserError {
  override readonly name = 'ConditionError'
  /** The index of the first wrong character, in UTF-16 units. */
  readonly position: number

  constructor(message: string, position: number) {
    super(`${message} (at character ${position + 1} of the condition)`)
    this.position = position
  }
}
