import type { Endpoint, Routes } from './message.ts'
import type { Meter, MeterFor } from './meter.ts'

/** Finds the endpoints of a path; undefined if it has none. */
export type FindEndpoints = (path: string) => Routes[string] | undefined

/** The endpoints of a path. */
export interface Route {
  readonly endpoints: ReadonlyMap<string, Endpoint>
  /** The `Allow` header (RFC 9110 §10.2.1). */
  readonly allow: string
  readonly meter: Meter | undefined
}

/**
 * The routes of a listener. Paths must match exactly, so that no two spellings lead to one endpoint.
 * @param others finds the endpoints of paths that have parameters
 */
export function createRouter(
  routes: Routes,
  meterFor: MeterFor | undefined,
  others: FindEndpoints = () => undefined,
): (path: string) => Route | undefined {
  const exact = new Map(Object.entries(routes).map(([path, methods]) => [path, toRoute(methods, meterFor?.(path))]))
  return (path) => {
    const known = exact.get(path)
    if (known !== undefined) return known
    const found = others(path)
    return found && toRoute(found, undefined)
  }
}

function toRoute(methods: Routes[string], meter: Meter | undefined): Route {
  // RFC 9110 §9.3.2: HEAD is GET without its content, which Node leaves out.
  const endpoints = new Map(
    Object.entries(methods).flatMap(([method, endpoint]): [string, Endpoint][] =>
      method === 'GET'
        ? [
            ['GET', endpoint],
            ['HEAD', endpoint],
          ]
        : [[method, endpoint]],
    ),
  )
  return { endpoints, allow: [...endpoints.keys()].join(', '), meter }
}

/** The path and the query of a request target, which may be a whole URI (RFC 9112 §3.2.2). */
export function splitTarget(target: string): { readonly path: string; readonly query: string } {
  const origin = target.startsWith('/') ? target : target.replace(/^https?:\/\/[^/?#]*/i, '')
  const question = origin.indexOf('?')
  if (question === -1) return { path: origin, query: '' }
  return { path: origin.slice(0, question), query: origin.slice(question + 1) }
}
