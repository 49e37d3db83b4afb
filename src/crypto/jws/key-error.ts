/** What can be wrong with a key. */
export type KeyFault =
  | 'not_a_key'
  | 'not_a_set'
  | 'private'
  | 'symmetric'
  | 'unknown_type'
  | 'unknown_curve'
  | 'malformed'
  | 'weak'
  | 'not_for_signatures'

/** A key, or a set of keys, that can't be used; the message says why and how to mend it, without the key. */
export class KeyError extends Error {
  override readonly name = 'KeyError'
  readonly fault: KeyFault

  constructor(fault: KeyFault, message: string) {
    super(message)
    this.fault = fault
  }
}
