import { isDeepStrictEqual } from 'node:util'
import { generateSecret } from '../../model/credentials/generate-secret.ts'
import type { ClientId } from '../../oauth/ids.ts'
import type { RandomBytes } from '../../platform/random.ts'
import { Conflict } from '../../platform/user-error.ts'
import type { Plan } from './plan.ts'

/**
 * The secrets that one `apply` of a manifest generates, the same in each of its attempts. They are shown before any of them is
 * written, so that somebody has seen every stored secret.
 */
export class NewSecrets {
  readonly #random: RandomBytes
  readonly #generated = new Map<string, string>()
  #shown: Plan['generated'] = []

  constructor(random: RandomBytes) {
    this.#random = random
  }

  /** The secret of a credential that needs a new one. */
  of(client: ClientId, label: string): string {
    const key = JSON.stringify([client, label])
    const secret = this.#generated.get(key) ?? generateSecret(this.#random)
    this.#generated.set(key, secret)
    return secret
  }

  /**
   * Shows the secrets of a plan that is about to be written, once.
   * @throws the errors of `show`; UserError if an earlier attempt has shown other secrets, which a person would believe to be
   *   valid
   */
  showOnce(plan: Plan, show: (plan: Plan) => void): void {
    if (isDeepStrictEqual(plan.generated, this.#shown)) return
    if (this.#shown.length > 0) throw new Conflict('somebody else applied the same clients at the same time: try again')
    show(plan)
    this.#shown = plan.generated
  }
}
