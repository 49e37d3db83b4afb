import { DomainError } from '../../platform/domain-error.ts'

/** A certificate, or the header that carries it, cannot be read. The detail says why. */
export class MalformedCertificate extends DomainError {
  override readonly name = 'MalformedCertificate'

  constructor(detail: Readonly<Record<string, unknown>>, cause?: unknown) {
    super('certificate_malformed', { detail, cause })
  }
}
