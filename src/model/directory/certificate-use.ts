import { ClientId } from '../../oauth/ids.ts'
import type { Change } from '../changes/change.ts'

/** Stores which APIs and clients need client certificates. Rejects when the database fails. */
export interface CertificateUseStore {
  /**
   * Whether any API or client has tokens that may be bound to a certificate, or any client may authenticate with one.
   * @param clients the clients to look at; all of them if left out
   */
  usesCertificates(clients?: readonly ClientId[]): Promise<boolean>
}

/**
 * Whether any client or API needs client certificates. Otherwise the server does not ask for them: OpenSSL checks any chain that
 * comes in a TLS handshake, up to a hundred signatures, before a program can look at it.
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

  /** Once true, it stays true until the server restarts: checking every client at each change would cost too much. */
  get isUsed(): boolean {
    return this.#isUsed
  }

  async apply(changes: readonly Change[]): Promise<void> {
    if (this.#isUsed || !changes.some(({ kind }) => kind === 'client' || kind === 'api')) return
    const clients = changes.filter(({ kind }) => kind === 'client').map(({ id }) => ClientId(id))
    this.#isUsed = await this.#store.usesCertificates(clients)
  }

  async reset(): Promise<void> {
    this.#isUsed ||= await this.#store.usesCertificates()
  }
}
