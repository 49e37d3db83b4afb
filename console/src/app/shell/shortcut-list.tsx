import { Modal } from '@mantine/core'
import { Fragment } from 'react'
import type { Shortcut } from '../../shared/shortcuts.ts'
import { shell } from '../../texts/shell.ts'
import classes from './shortcut-list.module.css'

interface Props {
  readonly shortcuts: readonly Shortcut[]
  readonly onClose: () => void
}

/** The shortcuts, with their keys. */
export const ShortcutList = ({ shortcuts, onClose }: Props) => (
  <Modal opened onClose={onClose} title={shell.shortcuts}>
    <dl className={classes['shortcuts']}>
      {shortcuts.map(({ keys: [first, second], text }) => (
        <Fragment key={text}>
          <dt>{text}</dt>
          <dd>
            <kbd>{first}</kbd>
            {second !== undefined && (
              <>
                {` ${shell.and} `}
                <kbd>{second}</kbd>
              </>
            )}
          </dd>
        </Fragment>
      ))}
    </dl>
  </Modal>
)
