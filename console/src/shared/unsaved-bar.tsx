import { Button, Group } from '@mantine/core'
import { common } from '../texts/common.ts'
import classes from './unsaved-bar.module.css'

interface Props {
  /** The number of changes. Without any, there is no bar. */
  readonly count: number
  /** Why they can't be saved yet. */
  readonly hindrance?: string | undefined
  readonly isBusy: boolean
  readonly onDiscard: () => void
  /** Left out where the form around it saves. */
  readonly onSave?: () => void
}

/** Says below a form how much of it is not saved, and saves or discards it. */
export function UnsavedBar({ count, hindrance, isBusy, onDiscard, onSave }: Props) {
  if (count === 0) return null
  return (
    <div className={classes['bar']} role="status">
      <span>{hindrance ?? common.unsaved(count)}</span>
      <Group gap="sm">
        <Button variant="default" onClick={onDiscard}>
          {common.discard}
        </Button>
        <Button
          type={onSave === undefined ? 'submit' : 'button'}
          loading={isBusy}
          disabled={hindrance !== undefined}
          onClick={onSave}
        >
          {common.save}
        </Button>
      </Group>
    </div>
  )
}
