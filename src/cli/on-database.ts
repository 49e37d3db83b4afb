import type { CallContext } from '../admin/operations/call-context.ts'
import type { Cursors } from '../admin/operations/cursor.ts'
import { findOperation } from '../admin/operations/find.ts'
import { refusalOf } from '../endpoints/refusal-table.ts'
import { ManifestParser } from '../management/manifest/reading/parse-queue.ts'
import { listNodes } from '../nodes/list.ts'
import { systemClock } from '../platform/clock.ts'
import { UserError } from '../platform/user-error.ts'
import { type Call, checked, listed, parametersOf, revelation, type Target } from './calls.ts'
import { keyContext, managementContext, type Opened, type Stated } from './database.ts'
import { type NewSecrets, nothingChanged } from './new-secrets.ts'
import { print } from './output.ts'

/** The operations on a database, with the full authority of an account that could change any row. */
export function onDatabase(opened: Opened, stated: Stated, secrets: NewSecrets): Target {
  const context = (show: CallContext['show']): CallContext => ({
    management: managementContext(opened, stated),
    keys: () => keyContext(opened, stated),
    // A command reads and writes at once: nobody has seen an older state.
    precondition: { kind: 'unconditional' },
    cursors: openCursors,
    server: {
      issuer: opened.options.issuer ?? '',
      settings: ofServer,
      problems: ofServer,
      nodes: () => listNodes(opened.store.nodes, systemClock.now(), NO_NODE),
      openApi: ofServer,
      defaultLifetime: () => opened.options.token.lifetime,
      retentionDays: () => opened.options.audit.retention_days,
      refusalOf,
      tryRequest: ofServer,
      get addresses() {
        return ofServer()
      },
      publishedKeys: ofServer,
      clientAuth: ofServer,
      metadata: ofServer,
      parser: new ManifestParser(),
      served: ofServer,
    },
    show,
  })
  const callWith =
    (show: CallContext['show']): Call =>
    async (id, { path = {}, query = {}, body } = {}) => {
      const answer = await (await findOperation(id)).call(context(show), { path, query: parametersOf(query), body })
      return answer.shownOnce === undefined ? answer.body : { ...Object(answer.body), ...answer.shownOnce }
    }
  return {
    call: checked(callWith(undefined)),
    ...listed(callWith(undefined)),
    make: async (id, input, schema, making) => {
      let isShown = false
      const show = (made: unknown) => {
        secrets.reveal(revelation(schema, id, made, making, nothingChanged))
        isShown = true
      }
      const answer = await checked(callWith(show))(id, input, schema)
      if (!isShown) print(making.asText(answer))
      return answer
    },
  }
}

/** A command is none of the servers. */
const NO_NODE = ''

/** The facts that only a running server has. */
const ofServer = (): never => {
  throw new UserError('only a running server knows this')
}

/** A command reads the pages of a list one after another, so nobody else sees a cursor. */
const openCursors: Cursors = {
  seal: (place, purpose) => JSON.stringify([purpose, place]),
  open: (cursor, purpose) => {
    try {
      const opened: unknown = JSON.parse(cursor)
      return Array.isArray(opened) && opened[0] === purpose ? opened[1] : undefined
    } catch {
      return undefined
    }
  },
}
