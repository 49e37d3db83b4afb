import { DomainError } from '../platform/domain-error.ts'
import type { UnreadableKey } from './store.ts'

/** No key may sign yet: the first one of its algorithm is still being made. */
export class NoSigningKey extends DomainError {
  override readonly name = 'NoSigningKey'

  constructor() {
    super('no_signing_key')
  }
}

/** The key that should sign, or seal, cannot be used. */
export class KeyUnusable extends DomainError {
  override readonly name = 'KeyUnusable'

  constructor({ id, problem }: UnreadableKey) {
    super('key_unusable', { detail: { key: id, problem } })
  }
}
