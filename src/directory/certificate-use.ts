import type { Change } from '../changes/feed.ts'
import { ClientId } from '../oauth/ids.ts'

/** Where it is kept who needs client certificates. Rejects when the database fails. */
export interface CertificateUseStore {
  /**
   * Whether there is an API whose tokens may be bound to a certificate, or a client whose are, or that may authenticate with one.
   * @param clients those that are looked at; all of them, where left out
   */
  usesCertificates(clients?: readonly ClientId[]): Promise<boolean>
}

/**
 * Whether anybody needs client certificates. Where nobody does they are not asked for: OpenSSL checks whatever chain comes in a
 * TLS handshake, up to a hundred signatures, before a program can look at it.
 */
export class CertificateUse {
  readonly #store: CertificateUseStore
  #isUsed: boolean

  static async open(store: CertificateUseStore): Promise<CertificateUse> {
    return new CertificateUse(store, await store.usesCertificates())
  }

  private constructor(store: CertificateUseStore, isUsed: boolean) {
    this.#store = store
    this.#isUsed = isUsed
  }

  /** Stays so until the server is started again: no change is worth a look at every client. */
  get isUsed(): boolean {
    return this.#isUsed
  }

  async apply(changes: readonly Change[]): Promise<void> {
    if (this.#isUsed || changes.every(({ kind }) => kind === 'key')) return
    const clients = changes.filter(({ kind }) => kind === 'client').map(({ id }) => ClientId(id))
    this.#isUsed = await this.#store.usesCertificates(clients)
  }

  async reset(): Promise<void> {
    this.#isUsed ||= await this.#store.usesCertificates()
  }
}
