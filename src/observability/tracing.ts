import type { Routes } from '../http/message.ts'

/** Has requests traced: what it is given, it gives back with spans around. */
export interface Tracing {
  /** Each request with a span, which goes on with the trace of its `traceparent` (W3C Trace Context). */
  routes(routes: Routes): Routes
  /** With a span for each call that a traced request waits for. @param name of the whole in the names of the spans */
  calls<Target extends object>(name: string, target: Target): Target
  /** As `calls`, of each part that is an object. */
  parts<Whole extends object>(name: string, whole: Whole): Whole
}

/** Where nobody collects traces, all is as it was: they cost nothing. */
export const untraced: Tracing = {
  routes: (routes) => routes,
  calls: (_name, target) => target,
  parts: (_name, whole) => whole,
}
