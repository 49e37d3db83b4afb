/** Renders the Helm chart with Helm's own library. */

import { readFileSync } from 'node:fs'
import { parseAllDocuments } from 'yaml'
import { runGo } from './go.ts'

export const CHART = 'deploy/kubernetes/chart'

/** The outcome for one set of values. With `error`, Helm refuses the values, and the rest is empty. */
export interface Rendered {
  readonly error?: string
  readonly lint: readonly string[]
  /** The texts of the rendered templates, by name. */
  readonly files: Readonly<Record<string, string>>
  /** Fields that Kubernetes does not know, and deviations from the restricted Pod Security Standard. */
  readonly mistakes: readonly string[]
}

type Labels = Readonly<Record<string, string>>

/** A manifest of Kubernetes. Kubernetes' own types have checked it; `M` is the part that a test reads. */
export type Manifest<M = unknown> = {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly labels: Labels }
} & M

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string; readonly scheme: string }
}

export type Deployment = Manifest<{
  readonly spec: {
    readonly replicas?: number
    readonly selector: { readonly matchLabels: Labels }
    readonly template: {
      readonly metadata: { readonly labels: Labels; readonly annotations: Labels }
      readonly spec: {
        readonly terminationGracePeriodSeconds: number
        readonly containers: readonly {
          readonly env: readonly { readonly name: string; readonly value?: string }[]
          readonly ports: readonly { readonly name: string; readonly containerPort: number }[]
          readonly startupProbe: Probe
          readonly livenessProbe: Probe
          readonly readinessProbe: Probe
          readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[]
        }[]
      }
    }
  }
}>

export type ConfigMap = Manifest<{ readonly data: Readonly<Record<string, string>> }>

export type Service = Manifest<{
  readonly spec: {
    readonly selector: Readonly<Record<string, string>>
    readonly ports: readonly { readonly name: string; readonly targetPort: string }[]
  }
}>

interface Selector {
  readonly matchLabels: Readonly<Record<string, string>>
}

export type Selecting = Manifest<{ readonly spec: { readonly selector?: Selector; readonly podSelector?: Selector } }>
export type NetworkPolicy = Manifest<{ readonly spec: { readonly ingress: readonly unknown[] } }>
export type ServiceMonitor = Manifest<{
  readonly spec: { readonly selector: Selector; readonly endpoints: readonly unknown[] }
}>

/** Renders the chart. @param cases texts of values files, by name */
export async function renderChart<Name extends string>(
  cases: Readonly<Record<Name, string>>,
): Promise<Readonly<Record<Name, Rendered>>> {
  return JSON.parse(await runGo('chart', [`../../../${CHART}`], { input: JSON.stringify(cases) }))
}

/** The manifests in the files of a case, of the kinds that match. */
export const manifestsOf = <M extends Manifest = Manifest>({ files }: Rendered, kinds = /./): readonly M[] =>
  Object.entries(files)
    .filter(([name]) => name.endsWith('.yaml'))
    .flatMap(([, text]) => parseAllDocuments(text).map((one) => one.toJS()))
    .filter((one) => one !== null && kinds.test(one.kind))

/** The manifest of a kind, and of a name if there are several. @throws if there is none */
export function manifestOf<M extends Manifest>(rendered: Rendered, kind: M['kind'], name?: string): M {
  const all = manifestsOf<M>(rendered, new RegExp(`^${kind}$`))
  const found = name === undefined ? all[0] : all.find(({ metadata }) => metadata.name === name)
  if (found === undefined) throw new Error(`there is no ${kind} ${name ?? ''}`)
  return found
}

/** `tessera.yaml`, as a pod has it. */
export const configIn = (rendered: Rendered): string =>
  manifestsOf<ConfigMap>(rendered, /^ConfigMap$/).flatMap(({ data }) => data['tessera.yaml'] ?? [])[0] ?? ''

export const valuesIn = (name: string): string => readFileSync(`test/deploy/values/${name}.yaml`, 'utf8')
