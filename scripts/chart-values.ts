/** The schema of the values of the Helm chart. Helm refuses other names and other types. */

import { z } from 'zod'
import { schema as options } from '../src/config/schema.ts'

const text = z.string()
const count = z.int().min(0)
const switchable = z.strictObject({ enabled: z.boolean() })
/** A name of Kubernetes (RFC 1123), or nothing. */
const name = z.string().regex(/^(?:[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?)?$/)
const keyOfSecret = z.strictObject({ secret: name, key: z.string().regex(/^[-._a-zA-Z0-9]{1,253}$/) })
const texts = z.record(z.string(), z.string())
/** Parts of a manifest of Kubernetes, whose server checks them. */
const objects = z.array(z.looseObject({}))
const labels = { labels: texts }

/** The options of `tessera.yaml` that the chart sets, or that would be a secret. */
const SET = [
  'data',
  'storage',
  'storage_password_file',
  'manifest',
  'master_key',
  'master_key_file',
  'previous_master_key_file',
  'tls',
] as const
const SET_WITHIN = { runtime: ['host', 'port'], admin: ['host', 'port'], sign_on: ['client_secret'] } as const

/** The form of an option in which its value has no password, which would be readable in the ConfigMap. */
const WITHOUT_PASSWORD = { outbound: { proxy: '^[^@]*$' } } as const

const values = z.strictObject({
  global: z.looseObject({}).optional(),
  image: z.strictObject({
    repository: z.string().regex(/^(?:[a-z0-9][a-z0-9._:/-]*)?$/),
    tag: z.string().regex(/^(?:\w[\w.-]{0,127})?$/),
    digest: z.string().regex(/^(?:sha256:[0-9a-f]{64})?$/),
    pullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']),
  }),
  imagePullSecrets: z.array(z.strictObject({ name })),
  nameOverride: name,
  fullnameOverride: name,
  replicas: count,
  config: z.unknown(),
  listen: z.enum(['0.0.0.0', '::']),
  masterKey: keyOfSecret.extend({ previousKey: z.string().regex(/^[-._a-zA-Z0-9]{0,253}$/) }),
  tls: z.strictObject({ secret: name, clientCa: keyOfSecret }),
  database: z.strictObject({
    kind: z.enum(['postgresql', 'sqlite']),
    // A password would be readable in the ConfigMap.
    url: z.string().regex(/^(?:postgres(?:ql)?:\/\/[^:/@]+@[^@]+)?$/),
    urlSecret: keyOfSecret,
    password: keyOfSecret,
    ca: keyOfSecret,
    port: z.int().min(1).max(65_535),
    volume: z.strictObject({
      existingClaim: name,
      size: z.string().regex(/^[1-9]\d*(?:[KMGTP]i?)?$/),
      storageClass: name,
    }),
  }),
  migration: switchable.extend({ urlSecret: keyOfSecret, timeout: z.int().min(1) }),
  manifest: z.strictObject({
    files: z.record(z.string().regex(/^[\w-][\w.-]*\.(?:yaml|yml|json)$/), z.string()),
    configMap: name,
    secret: name,
  }),
  service: z.strictObject({
    type: z.enum(['ClusterIP', 'NodePort', 'LoadBalancer']),
    port: z.int().min(1).max(65_535),
    annotations: texts,
    loadBalancerSourceRanges: z.array(text),
    externalTrafficPolicy: z.enum(['', 'Cluster', 'Local']),
  }),
  networkPolicy: switchable.extend({
    clients: objects,
    administrators: objects,
    databases: objects,
    egress: objects,
  }),
  serviceMonitor: switchable.extend({
    ...labels,
    interval: z.string().regex(/^[1-9]\d*(?:ms|s|m|h)$/),
    oauth2: z.strictObject({ secret: name, idKey: text, secretKey: text }),
    ca: keyOfSecret,
  }),
  prometheusRule: switchable.extend(labels),
  dashboard: switchable.extend(labels),
  autoscaling: switchable.extend({ min: z.int().min(1), max: z.int().min(1), cpu: z.int().min(1).max(100) }),
  podDisruptionBudget: switchable,
  resources: z.strictObject({
    requests: z.record(z.string(), z.union([text, z.number()])).optional(),
    limits: z.record(z.string(), z.union([text, z.number()])).optional(),
    claims: objects.optional(),
  }),
  startTimeout: z.int().min(10),
  podAnnotations: texts,
  podLabels: texts,
  nodeSelector: texts,
  tolerations: objects,
  affinity: z.looseObject({}),
  topologySpreadConstraints: objects,
  priorityClassName: name,
  env: objects,
  volumes: objects,
  volumeMounts: objects,
})

interface Node {
  [name: string]: unknown
  properties?: Record<string, Node>
  required?: string[]
}

/** Helm reads this version of JSON Schema. */
const jsonSchemaOf = (schema: z.ZodType): Node =>
  JSON.parse(JSON.stringify(z.toJSONSchema(schema, { target: 'draft-7', io: 'output' })))

/** The schema of `tessera.yaml`, without the options that the chart sets. The server knows the defaults. */
function optionsSchema(): Node {
  const { $schema: _, required: _none, ...node } = jsonSchemaOf(options)
  loosen(node)
  for (const key of SET) delete node.properties?.[key]
  for (const [section, keys] of Object.entries(SET_WITHIN))
    for (const key of keys) delete node.properties?.[section]?.properties?.[key]
  for (const [section, patterns] of Object.entries(WITHOUT_PASSWORD))
    for (const [key, pattern] of Object.entries(patterns))
      Object.assign(node.properties?.[section]?.properties?.[key] ?? {}, { pattern })
  return node
}

/** Makes options with a default optional, and accepts the booleans that YAML makes of `on` and `off`. */
function loosen(node: Node): void {
  const { properties = {}, required, enum: names } = node
  if (required !== undefined) node.required = required.filter((key) => properties[key]?.['default'] === undefined)
  if (Array.isArray(names) && names.includes('off')) {
    node['enum'] = [...names, ...(names.includes('on') ? [true] : []), false]
    delete node['type']
  }
  for (const child of Object.values(node).filter(isNode)) loosen(child)
  for (const child of Object.values(properties)) delete child['default']
}

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null

/** `deploy/kubernetes/chart/values.schema.json`. */
export function chartValuesSchema(): string {
  const schema = jsonSchemaOf(values)
  const properties = { ...schema.properties, config: optionsSchema() }
  return `${JSON.stringify({ ...schema, properties }, undefined, 2)}\n`
}
