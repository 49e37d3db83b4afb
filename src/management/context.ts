import type { Actor } from '../audit/actor.ts'
import type { AuditEvent } from '../audit/event.ts'
import type { ProofStore } from '../audit/proof/store.ts'
import type { AuditStore } from '../audit/store.ts'
import { eventBy, type Occurrence, withStatedReason } from '../audit/system-event.ts'
import type { MasterKey } from '../crypto/master-key.ts'
import type { ConsumerStore } from '../keys/consumers.ts'
import type { KeyStore } from '../keys/store.ts'
import type { CredentialStore } from '../model/credentials/store.ts'
import type { DirectoryStore } from '../model/directory/store.ts'
import type { FleetStore } from '../model/fleet/store.ts'
import type { GroupStore } from '../model/group.ts'
import type { ModelStore } from '../model/store.ts'
import type { TenantId } from '../oauth/ids.ts'
import type { Clock } from '../platform/clock.ts'
import type { RandomBytes } from '../platform/random.ts'
import type { RevocationStore } from '../tokens/revocation/store.ts'
import type { UsageStore } from '../usage/store.ts'
import type { Authority } from './authority/authority.ts'

/** The stores that verbs read and write. Each write stores its event in the same transaction. */
interface ManagementStores {
  readonly directory: DirectoryStore
  readonly model: ModelStore
  readonly credentials: CredentialStore
  readonly fleet: FleetStore
  readonly groups: GroupStore
  readonly keys: KeyStore & ConsumerStore
  readonly revocations: RevocationStore
  readonly audit: AuditStore
  readonly usage: UsageStore
  readonly proof: ProofStore
}

/** The context of every verb. Running servers follow a change within a second. */
export interface ManagementContext {
  /** The author of the change. Its event names them. */
  readonly actor: Actor
  /** Why the author makes the change, in one line. */
  readonly statedReason?: string | undefined
  /** The limits of the author. Each verb checks them against the things as they would be after the change. */
  readonly authority: Authority
  /** The manifests that this server keeps from its files. Nobody takes over what these own. */
  readonly servedManifests?: ReadonlySet<string> | undefined
  readonly tenant: TenantId
  readonly clock: Clock
  readonly random: RandomBytes
  readonly store: ManagementStores
}

/** The context of a verb that decrypts or encrypts. */
export interface SealedContext extends ManagementContext {
  readonly masterKey: MasterKey
}

/** The event of a change that the actor of the context makes now. */
export function recordedBy(
  { actor, statedReason, tenant, clock, random }: ManagementContext,
  occurrence: Occurrence,
): AuditEvent {
  return eventBy(actor, withStatedReason(occurrence, statedReason), { tenant, clock, random })
}
