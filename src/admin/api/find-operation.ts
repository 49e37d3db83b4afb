import type { Method, Operation } from '../operations/operation.ts'

/** The beginning of every path of the admin API. */
export const API_ROOT = '/api/v1'

/** The most characters of a path. The longest parameter is an audience, percent-encoded. */
export const LONGEST_PATH = 8 * 1024

/** The operations of a path, by their methods, and the parameters of the path. */
export interface FoundOperations {
  readonly operations: ReadonlyMap<Method, Operation>
  readonly parameters: Readonly<Record<string, string>>
}

interface Template {
  readonly segments: readonly string[]
  readonly operations: Map<Method, Operation>
}

const isParameter = (segment: string): boolean => segment.startsWith('{')

/** Finds the operations of a path. A literal segment comes before a parameter in its place. */
export function operationFinder(all: readonly Operation[]): (path: string) => FoundOperations | undefined {
  const byPath = new Map<string, Template>()
  for (const operation of all) {
    const template = byPath.get(operation.path) ?? { segments: operation.path.split('/'), operations: new Map() }
    template.operations.set(operation.method, operation)
    byPath.set(operation.path, template)
  }
  const parameters = ({ segments }: Template) => segments.filter(isParameter).length
  const templates = [...byPath.values()].toSorted((one, other) => parameters(one) - parameters(other))
  return (path) => {
    if (!path.startsWith(`${API_ROOT}/`) || path.length > LONGEST_PATH) return undefined
    const segments = path.slice(API_ROOT.length).split('/')
    for (const template of templates) {
      const parameters = match(template.segments, segments)
      if (parameters !== undefined) return { operations: template.operations, parameters }
    }
    return undefined
  }
}

/** The decoded parameters of a path; undefined if it does not fit the template. A literal segment has one spelling. */
function match(template: readonly string[], segments: readonly string[]): Readonly<Record<string, string>> | undefined {
  if (template.length !== segments.length) return undefined
  const parameters: Record<string, string> = {}
  for (const [index, expected] of template.entries()) {
    const segment = segments[index] ?? ''
    if (!isParameter(expected)) {
      if (segment !== expected) return undefined
      continue
    }
    const value = decode(segment)
    if (value === undefined || value === '') return undefined
    parameters[expected.slice(1, -1)] = value
  }
  return parameters
}

/** Percent-decoded UTF-8 (RFC 3986 §2.1); undefined if the text is malformed. */
function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment)
  } catch {
    return undefined
  }
}
