import { isDeepStrictEqual } from 'node:util'
import type { ClientId } from '../oauth/ids.ts'
import type { RandomBytes } from '../platform/random.ts'
import { UserError } from '../platform/user-error.ts'
import { generateSecret } from '../secrets/generate.ts'
import type { Plan } from './plan.ts'

/**
 * The secrets that one application of a manifest generates. They are the same in each of its attempts, and are shown before
 * any of them is written: none counts that nobody has seen.
 */
export class NewSecrets {
  readonly #random: RandomBytes
  readonly #generated = new Map<string, string>()
  #shown: Plan['generated'] = []

  constructor(random: RandomBytes) {
    this.#random = random
  }

  /** The secret of a credential that is to have a new one. */
  of(client: ClientId, label: string): string {
    const key = JSON.stringify([client, label])
    const secret = this.#generated.get(key) ?? generateSecret(this.#random)
    this.#generated.set(key, secret)
    return secret
  }

  /**
   * Shows the secrets of a plan that is about to be written, once.
   * @throws what `show` throws; UserError where an earlier attempt has shown others, which would be taken for good ones
   */
  showOnce(plan: Plan, show: (plan: Plan) => void): void {
    if (isDeepStrictEqual(plan.generated, this.#shown)) return
    if (this.#shown.length > 0)
      throw new UserError('somebody else applied the same clients at the same time: try again')
    show(plan)
    this.#shown = plan.generated
  }
}
