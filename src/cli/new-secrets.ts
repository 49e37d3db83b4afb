import { UsageError, UserError } from '../platform/user-error.ts'
import { print, printable, printSurely, resultsOnStandardError, say } from './output.ts'
import type { Destination } from './secrets/destination.ts'
import { openPlace, placeForms } from './secrets/destinations.ts'
import type { NewSecret, SecretName } from './secrets/secret.ts'

/** New secrets, and the result of the command that has made them. */
interface Revelation {
  readonly secrets: readonly NewSecret[]
  /** The result, with the secrets in it or without them. */
  readonly text: (isOpen: boolean) => string
  /** Explains the loss of the secrets. @param why a clause without an end */
  readonly lost: (why: string) => string
}

/** The secrets of one run of a command, which go to one place. */
export class NewSecrets {
  readonly #place: Destination | undefined
  #isRevealed = false

  constructor(place: Destination | undefined) {
    this.#place = place
  }

  /** Whether a secret has been handed over. */
  get isRevealed(): boolean {
    return this.#isRevealed
  }

  /** Checks the place before anything is made. @throws UsageError or UserError if it could not take secrets of these names */
  require(names: readonly SecretName[]): void {
    if (names.length > 0) this.#placeFor(names)
  }

  /** Hands secrets over, and prints the result. @throws UserError if a secret may be lost */
  reveal({ secrets, text, lost }: Revelation): void {
    if (secrets.length === 0) {
      print(text(true))
      return
    }
    const place = this.#placeFor(secrets)
    try {
      place.take(secrets, () => text(true))
    } catch (error) {
      throw error instanceof UserError ? new UserError(lost(error.message), { cause: error }) : error
    }
    this.#isRevealed = true
    if (place.output === 'shared') return
    print(text(false))
    say(
      printable(`${secrets.length === 1 ? 'The new secret' : `${secrets.length} new secrets`} went to ${place.name}.`),
    )
  }

  #placeFor(names: readonly SecretName[]): Destination {
    if (this.#place === undefined)
      throw new UsageError(
        `this makes a secret, and standard output is no terminal: it could be a log. Say where the secret goes, with --secrets-to ${placeForms}`,
      )
    this.#place.check(names)
    return this.#place
  }
}

/** Nothing is written before the secrets are handed over. */
export const nothingChanged = (why: string): string => `${why}, and a new secret would be lost: nothing was changed`

/**
 * Runs work that makes secrets. Their place is opened before the work begins.
 * @param given the value of `--secrets-to`
 * @throws UsageError or UserError if the place can't be used; the errors of the work
 */
export async function withNewSecrets<Result>(
  given: string | undefined,
  work: (secrets: NewSecrets) => Promise<Result>,
): Promise<Result> {
  const place = openPlace(given, { printSurely, say })
  const secrets = new NewSecrets(place)
  let isDone = false
  try {
    const result = await (place?.output === 'alone' ? resultsOnStandardError(() => work(secrets)) : work(secrets))
    isDone = true
    return result
  } catch (error) {
    if (secrets.isRevealed)
      say(
        'The command failed after it had shown new secrets: they are valid only if `tessera credentials list` names them.',
      )
    throw error
  } finally {
    place?.end(isDone)
  }
}
