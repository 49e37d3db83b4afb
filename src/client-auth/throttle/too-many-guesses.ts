import { DomainError } from '../../platform/domain-error.ts'

/** Too many wrong secrets came for a client or from an address. @param retryAfter seconds */
export class TooManyGuesses extends DomainError {
  override readonly name = 'TooManyGuesses'

  constructor(detail: Readonly<Record<string, unknown>>, retryAfter: number) {
    super('too_many_guesses', { detail, retryAfter })
  }
}
