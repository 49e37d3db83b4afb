import type { AdminApi } from '../admin/api/admin-api.ts'
import { adminEndpoints, admitting } from '../admin/api/dispatch.ts'
import { Idempotency } from '../admin/api/idempotency.ts'
import { openApiDocument } from '../admin/api/openapi.ts'
import { SealedCursors } from '../admin/api/sealed-cursors.ts'
import { sessionCaller } from '../admin/api/session-caller.ts'
import { tokenCaller } from '../admin/api/token-caller.ts'
import { Turns } from '../admin/api/turns.ts'
import type { ServedManifest } from '../admin/operations/call-context.ts'
import { operations } from '../admin/operations/operations.ts'
import { authorOf, signInRequest } from '../admin/sessions/authenticate.ts'
import type { PeopleContext } from '../admin/sessions/context.ts'
import type { AuditSink } from '../audit/sink.ts'
import { shownOptions } from '../config/shown.ts'
import { parseKeySet } from '../crypto/jws/public-key.ts'
import type { MasterKey } from '../crypto/master-key.ts'
import { metadataOf } from '../endpoints/metadata.ts'
import { refusalOf } from '../endpoints/refusal-table.ts'
import type { RuntimeContext } from '../endpoints/routes.ts'
import type { HttpRequest } from '../http/message.ts'
import type { FindEndpoints } from '../http/router.ts'
import { rotationPolicy } from '../keys/schedule.ts'
import type { MakingContext } from '../management/credentials/make.ts'
import { ManifestParser } from '../management/manifest/reading/parse-queue.ts'
import { statedReason } from '../management/stated-reason.ts'
import type { MemberName, Membership } from '../model/group.ts'
import { DEFAULT_TENANT } from '../oauth/ids.ts'
import { cleanUp } from '../platform/clean-up.ts'
import type { Store } from '../store/tables/sql-store.ts'
import type { Dependencies } from './environment.ts'
import { tokenTrials } from './lab.ts'
import { credentialMakers } from './making.ts'
import type { OwnNode } from './nodes.ts'

/** The parts of a process that its admin API needs. */
export interface AdminParts {
  /** The services of the OAuth endpoints, in this process. */
  readonly services: RuntimeContext
  readonly masterKey: MasterKey
  /** Takes the events of refused calls. */
  readonly audit: AuditSink
}

/** The admin API of a process, and its check of requests to other paths. */
interface OpenAdminApi {
  readonly findEndpoints: FindEndpoints
  /** Throws a Refusal if the request may not read metrics. */
  readonly admitToMetrics: (request: HttpRequest) => Promise<void>
}

interface Opening extends AdminParts {
  readonly people: PeopleContext
  /** The reasons why the server is not ready. */
  readonly problems: () => Promise<readonly string[]>
  readonly node: Pick<OwnNode, 'list'>
  /** Keeps clients and APIs as files say; undefined if none are configured. */
  readonly keeper: ServedManifest | undefined
}

/** Makes the admin API. */
export function openAdminApi(
  dependencies: Dependencies,
  store: Store,
  { services, masterKey, audit, people, problems, node, keeper }: Opening,
): OpenAdminApi {
  const { config, clock, random, live, log, repeat } = dependencies
  const { clientAuth, introspector, proofVerifier, metadata } = services
  const trial = tokenTrials(dependencies, services)
  const makerFor = credentialMakers(dependencies, store, masterKey)
  repeat({
    every: 60_000,
    work: (ending) => cleanUp((most) => store.idempotency.prune(clock.now(), most), ending),
    failure: 'expired idempotency keys could not be removed',
  })
  const membershipsOf = async (names: readonly MemberName[]) => byGroup(await store.groups.groupsOf(names))
  const parser = new ManifestParser()
  const api: AdminApi = {
    operations,
    tenant: DEFAULT_TENANT,
    audit,
    idempotency: new Idempotency(store.idempotency),
    turns: new Turns(clock),
    authenticate: [
      sessionCaller(people, membershipsOf),
      tokenCaller({
        introspector,
        directory: clientAuth.directory,
        proofs: proofVerifier,
        origins: [people.url],
        membershipsOf: (id) => membershipsOf([{ kind: 'client', id }]),
      }),
    ],
    contextFor: ({ actor, authority, signedIn }, request) => {
      const statedReason = statedReasonOf(request)
      const management: MakingContext = {
        actor,
        authority,
        statedReason,
        servedManifests: keeper?.manifests,
        tenant: DEFAULT_TENANT,
        store,
        ...makerFor(actor),
      }
      return {
        management,
        keys: async () => ({
          ...management,
          masterKey,
          policy: rotationPolicy(live.current.keys, await store.revocations.longestLifetime()),
        }),
        cursors: new SealedCursors(masterKey, random),
        show: undefined,
        people: {
          ...people,
          signedIn,
          request: signInRequest(request),
          author: { ...authorOf({ actor }, request), statedReason },
        },
        server: {
          issuer: config.issuer,
          settings: () => shownOptions(live.current),
          problems,
          nodes: () => node.list(),
          openApi: () => openApiDocument(operations),
          defaultLifetime: () => live.current.token.lifetime,
          retentionDays: () => live.current.audit.retention_days,
          refusalOf,
          tryRequest: trial(request, actor),
          addresses: metadata.addresses,
          publishedKeys: () => parseKeySet(JSON.parse(services.keys.keyring.published.body)).keys,
          clientAuth: () => clientAuth,
          metadata: () => metadataOf(metadata),
          parser,
          served: () => keeper,
        },
      }
    },
    onDefect: (error, requestId) => log.error({ err: error, request_id: requestId }, 'a request failed'),
  }
  const admit = admitting(api, 'metrics:read')
  return {
    findEndpoints: adminEndpoints(api),
    admitToMetrics: async (request) => {
      if (live.current.admin.metrics === 'authenticated') await admit(request)
    },
  }
}

const byGroup = (memberships: readonly Membership[]) =>
  new Map(memberships.map(({ group, permissions }) => [group, permissions]))

/** The reason that the caller states for a change, in `Tessera-Reason`, as UTF-8. @throws UserError if it is too long */
function statedReasonOf({ headers }: HttpRequest): string | undefined {
  const { 'tessera-reason': given } = headers
  return typeof given === 'string' ? statedReason(Buffer.from(given, 'latin1').toString()) : undefined
}
