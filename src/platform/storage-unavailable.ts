import { DomainError } from './domain-error.ts'

/** The database does not answer, or not in time. The cause is the error of its driver. */
export class StorageUnavailable extends DomainError {
  override readonly name = 'StorageUnavailable'

  constructor(cause: unknown) {
    super('storage_unavailable', { cause })
  }
}
