import type { Client } from '../../model/client.ts'
import { Shapes } from '../../model/directory/shapes.ts'
import { approximateBytes } from '../../platform/bytes.ts'
import type { ClientRow } from './rows.ts'

/** The most values of a column that are shared, the most characters of the JSON of each, and the bytes for all of them. */
const SHARED = { most: 1_000, characters: 512, bytes: 2 * 1024 * 1024 }

/**
 * Settings of clients in memory. Clients of a fleet often differ in little but their ids, so that equal settings of all of them are
 * kept once.
 */
export class SharedSettings {
  readonly #tags = new SharedValues<Client['tags']>()
  readonly #metadata = new SharedValues<Client['metadata']>()
  readonly #grantTypes = new SharedValues<Client['grantTypes']>()
  readonly #scopes = new SharedValues<Client['scopes']>()
  readonly #grants = new SharedValues<Client['grants']>()
  readonly #defaultScopes = new SharedValues<Client['defaultScopes']>()
  readonly #token = new SharedValues<Client['token']>()
  readonly #introspects = new SharedValues<Client['introspects']>()
  readonly #authentication = new SharedValues<Client['authentication']>()

  /** The client with the settings that are kept for all clients. @param row the row that it was read from */
  share(client: Client, row: ClientRow): Client {
    // An object whose fields are named one by one takes less memory than a copy of another.
    return {
      id: client.id,
      name: client.name,
      description: client.description,
      owner: client.owner,
      tags: this.#tags.of(row.tags, client.tags),
      metadata: this.#metadata.of(row.metadata, client.metadata),
      enabled: client.enabled,
      subject: client.subject,
      grantTypes: this.#grantTypes.of(row.grant_types, client.grantTypes),
      scopes: this.#scopes.of(row.scopes, client.scopes),
      grants: this.#grants.of(row.grants, client.grants),
      restrictScopes: client.restrictScopes,
      defaultScopes: this.#defaultScopes.of(row.default_scopes, client.defaultScopes),
      defaultApi: client.defaultApi,
      token: this.#token.of(row.token, client.token),
      introspects: this.#introspects.of(row.introspects, client.introspects),
      credentials: client.credentials,
      authentication: this.#authentication.of(row.authentication, client.authentication),
      require: client.require,
      bindsToCertificate: client.bindsToCertificate,
      manifest: client.manifest,
      ...(client.ended && { ended: client.ended }),
    }
  }
}

/**
 * The values of one column. A shared value is frozen, by which `approximateBytes` knows it. It is kept for good, so that the memory for
 * all of them is bounded, however the clients change.
 */
class SharedValues<Value> {
  readonly #known = new Map<string, Value>()
  readonly #shapes = new Shapes()
  #bytes = 0

  of(text: string, value: Value): Value {
    const known = this.#known.get(text)
    if (known !== undefined) return known
    const { size } = this.#known
    if (size >= SHARED.most || this.#bytes >= SHARED.bytes || text.length > SHARED.characters) return value
    this.#bytes += approximateBytes([text, value], (names) => this.#shapes.bytesOf(names))
    this.#known.set(text, deepFrozen(value))
    return value
  }
}

function deepFrozen<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(deepFrozen)
  return value
}
