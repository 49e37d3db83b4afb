import type { NewSecret, SecretName } from './secret.ts'

/** The streams of a command. */
export interface Output {
  /** Prints a text on standard output. @throws UserError if it was not printed whole */
  readonly printSurely: (text: string) => void
  /** Writes a line to standard error. */
  readonly say: (text: string) => void
}

/** A place where new secrets go. It was opened and checked before anything is made. */
export interface Destination {
  /** Its name for messages. */
  readonly name: string
  /** How it stands to standard output: it is it, it alone may write there, or it leaves it to the result. */
  readonly output: 'shared' | 'alone' | 'free'
  /** Refuses secrets before they are made. @throws UserError if it could not take them all */
  check(names: readonly SecretName[]): void
  /**
   * Takes secrets, and returns once they are safe there. Standard output takes them within the result of the command.
   * @param result the result, with the secrets in it
   * @throws UserError that says why in words that `, and a new secret would be lost` may follow
   */
  take(secrets: readonly NewSecret[], result: () => string): void
  /** Closes it. @param isDone whether the command has done its work */
  end(isDone: boolean): void
}
