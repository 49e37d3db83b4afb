import { ExportError, requireTaken, type Sink, type Transport, toJson } from './sink.ts'
import type { ExportedEvent } from './store.ts'

export interface OtlpLogOptions {
  /** Ends in `/v1/logs`. */
  readonly url: string
  /** Headers such as `authorization`. */
  readonly headers: Readonly<Record<string, string>>
}

interface OtlpMeans {
  readonly transport: Transport
  readonly version: string
  readonly instance: string
}

/** Numbers of severities (https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber). */
const SEVERITY = { refused: [13, 'WARN'], other: [9, 'INFO'] } as const

/** Log records of OTLP over HTTP, as JSON (https://opentelemetry.io/docs/specs/otlp/#otlphttp). */
export const otlpLogs = ({ url, headers }: OtlpLogOptions, { transport, version, instance }: OtlpMeans): Sink => ({
  deliver: async (events, signal) => {
    const attributes = Object.entries({
      'service.name': 'tessera',
      'service.version': version,
      'service.instance.id': instance,
    }).map(attribute)
    const body = JSON.stringify({
      resourceLogs: [
        {
          resource: { attributes },
          scopeLogs: [{ scope: { name: 'tessera.audit', version }, logRecords: events.map(recordOf) }],
        },
      ],
    })
    const answer = await transport.post(new URL(url), { 'content-type': 'application/json', ...headers }, body, signal)
    requireTaken(answer)
    requireWhole(answer.body)
  },
  close: async () => {},
})

function recordOf(exported: ExportedEvent) {
  const { at, type, result, reason, clientId, remoteAddress, requestId, traceId } = exported.event
  const nanoseconds = `${at}000000`
  const [severityNumber, severityText] = result === 'refused' ? SEVERITY.refused : SEVERITY.other
  const attributes = Object.entries({
    'event.name': type,
    'tessera.result': result,
    'tessera.reason': reason,
    'tessera.client_id': clientId,
    'client.address': remoteAddress,
    'tessera.request_id': requestId,
  })
  return {
    timeUnixNano: nanoseconds,
    observedTimeUnixNano: nanoseconds,
    eventName: type,
    severityNumber,
    severityText,
    body: { stringValue: JSON.stringify(toJson(exported)) },
    attributes: attributes.flatMap(([key, value]) => (value === undefined ? [] : [attribute([key, value])])),
    ...(traceId !== undefined && { traceId }),
  }
}

const attribute = ([key, value]: readonly [string, string]) => ({ key, value: { stringValue: value } })

/** A collector may take a part, and must not get the rest again (https://opentelemetry.io/docs/specs/otlp/#partial-success). */
function requireWhole(body: string): void {
  const [, rejected = '0'] = /"rejectedLogRecords"\s*:\s*"?(\d+)/.exec(body) ?? []
  if (Number(rejected) > 0)
    throw new RejectedRecords(`the collector has rejected ${rejected} records: ${body.slice(0, 200)}`)
}

/** Some events arrived, and the others never will. */
export class RejectedRecords extends ExportError {}
