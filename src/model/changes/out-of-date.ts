import { DomainError } from '../../platform/domain-error.ts'

/** This process could not load the newest changes in time, so an answer might rest on an outdated state. */
export class OutOfDate extends DomainError {
  override readonly name = 'OutOfDate'

  constructor(cause?: unknown) {
    super('out_of_date', { cause })
  }
}
