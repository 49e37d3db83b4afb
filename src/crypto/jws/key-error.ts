/** The fault of a key or a set of keys. */
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

/** A key, or a set of keys, can't be used. The message gives the reason and the remedy, without the key. */
export class KeyError extends Error {
  override readonly name = 'KeyError'
  readonly fault: KeyFault

  constructor(fault: KeyFault, message: string) {
    super(message)
    this.fault = fault
  }
}
