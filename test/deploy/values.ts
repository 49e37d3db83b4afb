import { readFileSync } from 'node:fs'
import { parse } from 'yaml'

/** Values that only Kubernetes refuses, after those of `sqlite`, and its words. */
export const wrong = {
  'a field that does not exist': ['env: [{ nam: A }]', 'unknown field "spec.template.spec.containers[0].env[1].nam"'],
  'a volume of the node': ['volumes: [{ name: a, hostPath: { path: / } }]', 'restricted volume types'],
} as const

/** Values that Helm must refuse, after those of `sqlite` or `postgresql`, and its words. */
export const refused: Readonly<Record<string, readonly [of: 'sqlite' | 'postgresql', values: string, words: string]>> =
  {
    'a second replica of SQLite': ['sqlite', 'replicas: 2', 'replicas: SQLite serves one replica only'],
    'autoscaling of SQLite': ['sqlite', 'autoscaling: { enabled: true }', 'SQLite serves one replica only'],
    'an address for SQLite': ['sqlite', 'database: { kind: sqlite, url: postgres://a@b/c }', 'sqlite has no address'],
    'a migration job for SQLite': ['sqlite', 'migration: { enabled: true }', 'migration.enabled: with SQLite'],
    'no issuer': ['sqlite', 'config: { issuer: ~ }', 'config.issuer: name the issuer'],
    'no image': ['sqlite', 'image: { repository: "" }', 'image.repository: name the registry'],
    'no master key': ['sqlite', 'masterKey: { secret: "" }', 'masterKey.secret: name the Secret'],
    'no certificate': ['sqlite', 'tls: { secret: "" }', 'tls.secret: name a Secret'],
    'no database': ['postgresql', 'database: { urlSecret: { secret: "" } }', 'database: give database.url'],
    'two addresses': ['postgresql', 'database: { url: postgres://a@b/c, urlSecret: { secret: a } }', 'not both'],
    'a password among the values': ['postgresql', 'database: { url: "postgres://a:secret@b/c" }', '/database/url'],
    'a migration job without an owner': ['postgresql', 'migration: { enabled: true }', 'migration.urlSecret.secret'],
    'two manifests': ['postgresql', 'manifest: { files: { a.yaml: "" }, configMap: b }', 'manifest: give either'],
    'a manifest that the server would not read': ['postgresql', 'manifest: { files: { notes.txt: "" } }', 'notes.txt'],
    'metrics without a token': [
      'postgresql',
      'serviceMonitor: { enabled: true }\nnetworkPolicy: { administrators: [{ podSelector: {} }] }',
      'the metrics need a token',
    ],
    'metrics behind the NetworkPolicy': [
      'postgresql',
      'serviceMonitor: { enabled: true, oauth2: { secret: a } }',
      'networkPolicy.administrators: name the namespace of Prometheus',
    ],
    'an unknown value': ['postgresql', 'replicaCount: 3', 'replicaCount'],
    'an unknown option of the server': ['postgresql', 'config: { isuer: a }', 'isuer'],
    'an option that the chart sets': ['postgresql', 'config: { storage: "sqlite:a" }', 'storage'],
    'a password in the address of a proxy': [
      'postgresql',
      'config: { outbound: { proxy: "http://a:secret@b:3128" } }',
      '/config/outbound/proxy',
    ],
    'a secret among the options': ['postgresql', 'config: { master_key: abc }', 'master_key'],
    'a value of a wrong type': ['postgresql', 'replicas: three', '/replicas'],
    'an option out of range': ['postgresql', 'config: { token: { lifetime: -1 } }', '/config/token/lifetime'],
    'more pods at least than at most': [
      'postgresql',
      'autoscaling: { enabled: true, min: 9, max: 3 }',
      'autoscaling.min',
    ],
  }

/** The values on the page about Kubernetes: its blocks in `yml`, one after another. */
export const valuesOnPage = (): string =>
  [...readFileSync('docs/start/kubernetes.md', 'utf8').matchAll(/^```yml\n([\s\S]*?)^```$/gm)]
    .map(([, block = '']) => block)
    .reduce(merge, '{}')

/** Values as `helm -f one -f other` reads them. A null removes a value. */
export const merge = (one: string, other: string): string => JSON.stringify(merged(parse(one), parse(other)))

function merged(one: unknown, other: unknown): unknown {
  if (!isTree(one) || !isTree(other)) return other
  const keys = new Set([...Object.keys(one), ...Object.keys(other)])
  const entries = [...keys].map((key) => [key, key in other ? merged(one[key], other[key]) : one[key]] as const)
  return Object.fromEntries(entries.filter(([, value]) => value !== null))
}

const isTree = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
