import { Alert, Button } from '@mantine/core'
import { Problem, Unreachable } from '../api/problem.ts'
import { common } from '../texts/common.ts'
import { Copy } from './copy.tsx'
import { Icon } from './icon.tsx'

interface Props {
  readonly error: unknown
  readonly onRetry?: () => void
}

/** An error: what happened, what to do, and the request id for those who look it up. */
export function Failure({ error, onRetry }: Props) {
  const { title, detail, requestId } = described(error)
  return (
    <Alert color="brick" icon={<Icon name="warn" />} title={title} role="alert">
      <p style={{ margin: 0 }}>{detail}</p>
      {error instanceof Problem && error.errors.length > 0 && (
        <ul style={{ margin: '0.25rem 0 0', paddingLeft: '1.1rem' }}>
          {error.errors.map(({ pointer, parameter, detail }) => (
            <li key={`${pointer}${parameter}${detail}`}>
              {(pointer ?? parameter) !== undefined && <code>{pointer ?? parameter}</code>} {detail}
            </li>
          ))}
        </ul>
      )}
      {requestId !== undefined && (
        <p style={{ margin: '0.5rem 0 0' }}>
          {common.request} <code>{requestId}</code> <Copy value={requestId} of={common.requestId} />
        </p>
      )}
      {onRetry !== undefined && (
        <Button mt="sm" size="xs" variant="default" onClick={onRetry}>
          {common.tryAgain}
        </Button>
      )}
    </Alert>
  )
}

/** An error in words. */
export function described(error: unknown): {
  readonly title: string
  readonly detail: string
  readonly requestId?: string | undefined
} {
  if (error instanceof Problem) {
    const { title, detail, requestId, errors } = error
    return { title, detail: detail === '' && errors.length === 0 ? common.noDetail : detail, requestId }
  }
  if (error instanceof Unreachable) return { title: common.unreachable, detail: common.unreachableDetail }
  return { title: common.defect, detail: error instanceof Error ? error.message : String(error) }
}
