import { ActionIcon, Button } from '@mantine/core'
import { useClipboard } from '@mantine/hooks'
import { common } from '../texts/common.ts'
import { Icon } from './icon.tsx'

interface Props {
  readonly value: string
  /** The name of the thing, such as `the client id`. */
  readonly of: string
}

/** A small button that copies a text, and says so. */
export function Copy({ value, of }: Props) {
  const clipboard = useClipboard({ timeout: 2_000 })
  const label = clipboard.copied ? common.copied : common.copy(of)
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size="sm"
      aria-label={label}
      title={label}
      onClick={() => clipboard.copy(value)}
    >
      <Icon name={clipboard.copied ? 'check' : 'copy'} size={14} />
    </ActionIcon>
  )
}

/** A button with words that copies a text. */
export function CopyButton({ value, children }: { readonly value: string; readonly children: string }) {
  const clipboard = useClipboard({ timeout: 2_000 })
  return (
    <Button
      variant="default"
      leftSection={<Icon name={clipboard.copied ? 'check' : 'copy'} />}
      onClick={() => clipboard.copy(value)}
    >
      {clipboard.copied ? common.copied : children}
    </Button>
  )
}
