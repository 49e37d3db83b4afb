import type { Signer } from '../keys/batch-signer.ts'
import type { Keyring } from '../keys/keyring.ts'
import { type Tracing, untraced } from '../observability/tracing.ts'
import { version } from '../platform/version.ts'
import type { Dependencies } from './environment.ts'

/** Traces requests if a collector is configured. Without one, not even the library is loaded. */
export async function openTracing({ config: { traces }, log, clock, shutdown }: Dependencies): Promise<Tracing> {
  if (traces.endpoint === undefined) return untraced
  const { createOtlpTracing } = await import('../observability/otlp.ts')
  const tracing = createOtlpTracing({
    endpoint: traces.endpoint,
    ratio: traces.ratio,
    version,
    instance: String(process.pid),
    clock,
    onFailure: (message) => log.warn({ cause: message }, 'traces could not be sent'),
  })
  shutdown.add(() => tracing.close())
  return tracing
}

/** The signers of a keyring, traced. */
export function traceSigners(tracing: Tracing, keyring: Keyring): Pick<Keyring, 'signer' | 'sealingKey'> {
  if (tracing === untraced) return keyring
  const traced = new WeakMap<Signer, Signer>()
  const trace = (signer: Signer): Signer => {
    const known = traced.get(signer) ?? tracing.calls('key', signer)
    traced.set(signer, known)
    return known
  }
  return {
    signer: (algorithm) => {
      const signer = keyring.signer(algorithm)
      return signer instanceof Promise ? signer.then(trace) : trace(signer)
    },
    sealingKey: () => keyring.sealingKey(),
  }
}
