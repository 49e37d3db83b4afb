import type { Routes } from '../http/message.ts'

/** Traces requests. Each method wraps its argument so that the wrapped calls make spans. */
export interface Tracing {
  /** Makes a span for each request, which continues the trace of its `traceparent` (W3C Trace Context). */
  routes(routes: Routes): Routes
  /** Makes a span for each call that a traced request waits for. @param name the first part of the names of the spans */
  calls<Target extends object>(name: string, target: Target): Target
  /** Wraps each part that is an object as `calls` does. */
  parts<Whole extends object>(name: string, whole: Whole): Whole
}

/** Returns every argument unwrapped, so that tracing costs nothing if no collector is configured. */
export const untraced: Tracing = {
  routes: (routes) => routes,
  calls: (_name, target) => target,
  parts: (_name, whole) => whole,
}
