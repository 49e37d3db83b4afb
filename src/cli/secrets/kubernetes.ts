import { stringify } from 'yaml'
import { UsageError } from '../../platform/user-error.ts'
import type { Destination, Output } from './destination.ts'
import { type NewSecret, refuseClashes, variableOf } from './secret.ts'

/** A DNS subdomain (RFC 1123 §2.1), as Kubernetes wants the name of a Secret. */
const NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/

/**
 * The manifest of a Secret, alone on standard output. A command that makes no secret prints one without data: `kubectl apply` refuses
 * an empty input, and such a manifest changes nothing.
 * @throws UsageError if Kubernetes would not take the name
 */
export function openKubernetes(name: string, { printSurely }: Output): Destination {
  if (!NAME.test(name))
    throw new UsageError(
      '--secrets-to k8s: a name has up to 253 of a-z, 0-9, - and ., and begins and ends with a-z or 0-9',
    )
  let isPrinted = false
  const put = (made: readonly NewSecret[]) => {
    printSurely(manifestOf(name, made))
    isPrinted = true
  }
  return {
    name: `the Secret ${name} on standard output`,
    output: 'alone',
    check: refuseClashes,
    take: put,
    end: (isDone) => {
      if (isDone && !isPrinted) put([])
    },
  }
}

/** `stringData` adds to a Secret. With `data`, `kubectl apply` would remove the keys of an earlier manifest. */
const manifestOf = (name: string, made: readonly NewSecret[]): string =>
  stringify({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name },
    type: 'Opaque',
    ...(made.length > 0 && { stringData: Object.fromEntries(made.map((one) => [variableOf(one), one.secret])) }),
  }).trimEnd()
