import { AsyncLocalStorage } from 'node:async_hooks'
import {
  context,
  DiagLogLevel,
  diag,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import type { Endpoint, HttpRequest, HttpResponse, Routes } from '../http/message.ts'
import { asRefusal } from '../http/respond.ts'
import { parseTraceparent } from '../http/trace.ts'
import type { Clock } from '../platform/clock.ts'
import { withCalls, withParts } from '../platform/wrapped.ts'
import type { Tracing } from './tracing.ts'

/** Spans are sent once a second. Spans beyond the queue are dropped, so that a collector that is away costs bounded memory. */
const BATCHES = {
  maxQueueSize: 8_192,
  maxExportBatchSize: 1_024,
  scheduledDelayMillis: 1_000,
  exportTimeoutMillis: 5_000,
}
/** The least time between two warnings about a collector that is away. Milliseconds. */
const WARN_EVERY_MS = 60_000
const SILENT = { warn: () => {}, info: () => {}, debug: () => {}, verbose: () => {} }

export interface OtlpOptions {
  /** The whole address of a collector for OTLP over HTTP, including `/v1/traces`. */
  readonly endpoint: string
  /** The share of requests that are traced, from 0 to 1. A `traceparent` that decides overrides it. */
  readonly ratio: number
  readonly version: string
  /** Distinguishes this process from others of the same service. */
  readonly instance: string
  readonly clock: Clock
  /** Called at most once a minute when spans could not be sent. */
  readonly onFailure: (message: string) => void
}

interface Closable {
  /** Sends the waiting spans. */
  close(): Promise<void>
}

/**
 * Sends traces to a collector, over OTLP/HTTP. Names and attributes are those of OpenTelemetry's semantic conventions for HTTP
 * (https://opentelemetry.io/docs/specs/semconv/http/http-spans/) and databases.
 */
export function createOtlpTracing(options: OtlpOptions): Tracing & Closable {
  const { endpoint, ratio, version, instance, clock, onFailure } = options
  const tell = atMostOnce(WARN_EVERY_MS, clock, onFailure)
  // The library has one logger for the whole process.
  diag.setLogger({ ...SILENT, error: tell }, { logLevel: DiagLogLevel.ERROR, suppressOverrideMessage: true })
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': 'tessera',
      'service.version': version,
      'service.instance.id': instance,
    }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url: endpoint }), ...BATCHES })],
  })
  const spans = new Spans(provider.getTracer('tessera', version), clock)
  return {
    routes: (routes) => spans.ofRoutes(routes),
    calls: (name, target) => spans.ofCalls(name, target),
    parts: (name, whole) => withParts(whole, (part, of) => spans.ofCalls(`${name} ${of}`, part)),
    close: () => provider.shutdown().catch((error: unknown) => tell(String(error))),
  }
}

class Spans {
  readonly #tracer: Tracer
  readonly #clock: Clock
  /** The span of the request that is being served. */
  readonly #current = new AsyncLocalStorage<Span>()

  constructor(tracer: Tracer, clock: Clock) {
    this.#tracer = tracer
    this.#clock = clock
  }

  ofRoutes(routes: Routes): Routes {
    const traced = (path: string, method: string, endpoint: Endpoint): Endpoint => {
      const name = `${method} ${path}`
      const attributes = { 'http.request.method': method, 'http.route': path, 'url.path': path }
      return (request) => this.#serve(name, attributes, endpoint, request)
    }
    return Object.fromEntries(
      Object.entries(routes).map(([path, methods]) => [
        path,
        Object.fromEntries(
          Object.entries(methods).map(([method, endpoint]) => [method, traced(path, method, endpoint)]),
        ),
      ]),
    )
  }

  ofCalls<Target extends object>(name: string, target: Target): Target {
    return withCalls(target, (call, method) => this.#follow(`${name}.${method}`, call))
  }

  async #serve(
    name: string,
    attributes: Record<string, string>,
    endpoint: Endpoint,
    request: HttpRequest,
  ): Promise<HttpResponse> {
    const parent = parseTraceparent(request.headers['traceparent'])
    const before = parent === undefined ? context.active() : trace.setSpanContext(context.active(), parent)
    const span = this.#tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, before)
    span.setAttribute('tessera.request_id', request.requestId)
    try {
      const response = await this.#current.run(span, () => endpoint(request))
      span.setAttribute('http.response.status_code', response.status)
      return response
    } catch (error) {
      const { status, reason } = asRefusal(error)
      span.setAttributes({ 'http.response.status_code': status, 'tessera.reason': reason })
      if (status >= 500) fail(span, reason)
      throw error
    } finally {
      span.end()
    }
  }

  /** Makes a span for a call that returns a promise during a traced request. Work that starts after the response gets none. */
  #follow(name: string, call: () => unknown): unknown {
    const parent = this.#current.getStore()
    if (parent?.isRecording() !== true) return call()
    const startTime = this.#clock.now()
    const answer = call()
    if (!(answer instanceof Promise)) return answer
    const span = this.#tracer.startSpan(name, { startTime }, trace.setSpan(context.active(), parent))
    return answer
      .catch((error: unknown) => {
        fail(span, asRefusal(error).reason)
        throw error
      })
      .finally(() => span.end())
  }
}

/** Marks a span as failed, with the reason alone: messages of errors may hold secrets. */
function fail(span: Span, reason: string): void {
  span.setStatus({ code: SpanStatusCode.ERROR, message: reason })
  span.setAttribute('error.type', reason)
}

/** @param interval milliseconds */
function atMostOnce(interval: number, clock: Clock, tell: (message: string) => void): (message: string) => void {
  let toldAt = Number.NEGATIVE_INFINITY
  return (message) => {
    const now = clock.monotonic()
    if (now - toldAt < interval) return
    toldAt = now
    tell(message)
  }
}
